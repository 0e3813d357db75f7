import type { LoraMap } from '../models/causal-network'
import { checkContext } from '../models/context'
import type { Model } from '../models/load-model'
import { eachWeightedMeanHidden } from '../models/weighted-mean-hidden'
import type { Embedder } from './embedder'
import { pooledStates } from './pooled-states'

export interface PositionWeightedMeanOptions {
  readonly adapter?: LoraMap | null
  /** Tokens of a text; a longer one keeps its start. Default: the model's context, at most 2048, as RDS+. */
  readonly maxTokens?: number
}

/**
 * The mean of a causal model's hidden states over a text's tokens, the i-th with weight i / Σ_j j: later
 * tokens have seen more. For `rds`: as RDS+ embeds rows and targets (Ivison et al. 2025, arXiv 2503.01807,
 * with `--pooling weighted_mean` of compute_influence_cosinesim.py). The states are those of the last layer
 * after the final norm; the tokens are those that the tokenizer gives a text, with no end token added. E is
 * the model's hidden size.
 *
 * @throws {ModelError} if `maxTokens` exceeds the model's context
 */
export function positionWeightedMean(
  { name, network, tokenizer }: Model,
  { adapter = null, maxTokens = Math.min(2048, network.maxPositions) }: PositionWeightedMeanOptions = {},
): Embedder {
  checkContext(network, maxTokens)
  return {
    name: `position-weighted-mean:${name}`,
    dimensions: network.hidden,
    gpu: network.gpu,
    embed(texts, options) {
      const sequences = texts.map(text => tokenizer.encode(text).slice(0, maxTokens))
      return pooledStates(network, sequences, eachWeightedMeanHidden, { adapter, ...options })
    },
  }
}
