import type { Model } from '../models/load-model'
import { eachMeanHidden } from '../models/mean-hidden'
import { type CausalStatesOptions, causalStates } from './causal-states'
import type { Embedder } from './embedder'

/**
 * The mean of a causal model's hidden states over a text's tokens, each counting as much as any other. The states are
 * those of the last layer after the final norm; the tokens are those that the tokenizer gives a text, with no end token
 * added. E is the model's hidden size.
 *
 * @throws {ModelError} if `maxTokens` exceeds the model's context
 */
export function meanHiddenState(model: Model, options: CausalStatesOptions = {}): Embedder {
  return causalStates({ name: 'mean-hidden-state', ends: false, each: eachMeanHidden }, model, options)
}
