import type { LoraMap } from '../models/causal-network'
import { checkContext } from '../models/context'
import { eachLastHidden } from '../models/last-hidden'
import type { Model } from '../models/load-model'
import type { Embedder } from './embedder'
import { pooledStates } from './pooled-states'

export interface LastHiddenStateOptions {
  readonly adapter?: LoraMap | null
  /** Tokens of a text; a longer one keeps its start. Default: the model's context, at most 2048, as Deita. */
  readonly maxTokens?: number
}

/**
 * A causal model's last hidden state at the text's end-of-sequence token, as Deita embeds rows
 * (https://arxiv.org/abs/2312.15685 §2.3 uses Mistral-7B's). E is the model's hidden size.
 *
 * @throws {ModelError} if `maxTokens` exceeds the model's context
 */
export function lastHiddenState(
  { name, network, tokenizer }: Model,
  { adapter = null, maxTokens = Math.min(2048, network.maxPositions) }: LastHiddenStateOptions = {},
): Embedder {
  checkContext(network, maxTokens)
  return {
    name: `last-hidden-state:${name}`,
    dimensions: network.hidden,
    gpu: network.gpu,
    embed(texts, options) {
      const end = tokenizer.eosId === null ? [] : [tokenizer.eosId]
      const sequences = texts.map(text => [
        ...tokenizer.encode(text).slice(0, maxTokens - end.length),
        ...end,
      ])
      return pooledStates(network, sequences, eachLastHidden, { adapter, ...options })
    },
  }
}
