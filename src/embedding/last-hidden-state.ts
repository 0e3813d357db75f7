import { eachLastHidden } from '../models/last-hidden'
import type { Model } from '../models/load-model'
import { type CausalStatesOptions, causalStates } from './causal-states'
import type { Embedder } from './embedder'

export type LastHiddenStateOptions = CausalStatesOptions

/**
 * A causal model's last hidden state at the text's end-of-sequence token, as Deita embeds rows
 * (https://arxiv.org/abs/2312.15685 §2.3 uses Mistral-7B's, of at most 2048 tokens). E is the model's hidden size.
 *
 * @throws {ModelError} if `maxTokens` exceeds the model's context
 */
export function lastHiddenState(model: Model, options: LastHiddenStateOptions = {}): Embedder {
  return causalStates({ name: 'last-hidden-state', ends: true, each: eachLastHidden }, model, options)
}
