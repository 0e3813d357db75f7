import type { Model } from '../models/load-model'
import { eachWeightedMeanHidden } from '../models/weighted-mean-hidden'
import { type CausalStatesOptions, causalStates } from './causal-states'
import type { Embedder } from './embedder'

export type PositionWeightedMeanOptions = CausalStatesOptions

/**
 * The mean of a causal model's hidden states over a text's tokens, the i-th with weight i / Σ_j j: later
 * tokens have seen more. For `rds`: as RDS+ embeds rows and targets (Ivison et al. 2025, arXiv 2503.01807,
 * with `--pooling weighted_mean` of compute_influence_cosinesim.py), of at most 2048 tokens. The states are those of
 * the last layer after the final norm; the tokens are those that the tokenizer gives a text, with no end token added.
 * E is the model's hidden size.
 *
 * @throws {ModelError} if `maxTokens` exceeds the model's context
 */
export function positionWeightedMean(model: Model, options: PositionWeightedMeanOptions = {}): Embedder {
  const pooling = { name: 'position-weighted-mean', ends: false, each: eachWeightedMeanHidden }
  return causalStates(pooling, model, options)
}
