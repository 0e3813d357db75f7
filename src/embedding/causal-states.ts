import type { Tokenizer } from '../io/tokenizer'
import type { CausalNetwork, LoraMap } from '../models/causal-network'
import { checkContext } from '../models/context'
import type { Model } from '../models/load-model'
import type { HiddenGroup, HiddenOptions } from '../models/pooled-hidden'
import { pooledStates } from '../models/pooled-states'
import type { Embedder } from './embedder'
import { startOfText } from './start-of-text'

export interface CausalStatesOptions {
  readonly adapter?: LoraMap | null
  /** Tokens of a text; a longer one keeps its start. Default: the model's context, at most 2048. */
  readonly maxTokens?: number
}

/** How a causal model's states become vectors. */
export interface CausalPooling {
  /** In front of the model's name. */
  readonly name: string
  /** Whether an end-of-sequence token stands behind the text's tokens, unless the tokenizer ends every text itself. */
  readonly ends: boolean
  readonly each: (
    network: CausalNetwork,
    sequences: readonly ArrayLike<number>[],
    options: HiddenOptions,
    visit: (group: HiddenGroup) => Promise<void>,
  ) => Promise<void>
}

/**
 * Vectors of a causal model's states after the final norm. The tokens are those that the tokenizer gives a text. E is
 * the model's hidden size.
 *
 * @throws {ModelError} if `maxTokens` exceeds the model's context
 */
export function causalStates(
  { name: kind, ends, each }: CausalPooling,
  { name, network, tokenizer }: Model,
  { adapter = null, maxTokens = Math.min(2048, network.maxPositions) }: CausalStatesOptions,
): Embedder {
  checkContext(network, maxTokens)
  const end = ends && tokenizer.eosId !== null && !endsTexts(tokenizer) ? [tokenizer.eosId] : []
  return {
    name: `${kind}:${name}`,
    dimensions: network.hidden,
    gpu: network.gpu,
    async embed(texts, options) {
      const sequences = texts.map(text => [...startOfText(tokenizer, text, maxTokens - end.length), ...end])
      return pooledStates(network, sequences, (filled, visit) =>
        each(network, filled, { adapter, ...options }, visit),
      )
    },
  }
}

/** Whether the tokenizer puts a token of its own behind every text. */
function endsTexts(tokenizer: Tokenizer): boolean {
  const [whole, bare] = [true, false].map(addSpecialTokens => tokenizer.encode('a', { addSpecialTokens }))
  return whole!.at(-1) !== bare!.at(-1)
}
