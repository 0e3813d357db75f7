import { checkContext } from '../models/context'
import type { OnnxCausalModel } from '../models/onnx-causal'
import { digitPromptScorer } from './digit-prompts'
import type { DigitScorerOptions } from './digit-scorer'
import type { PromptText } from './prompt-text'
import type { Scorer } from './scorer'

/**
 * As `digitScorer`, with a model in ONNX: Σ k·p_k over the tokens of the digits 1 … 6 at the prompt's end, with p the
 * softmax over those six alone (https://arxiv.org/abs/2312.15685 §2). An adapter must have been merged into the
 * model before it was exported.
 *
 * @throws {ScorerError} if the tokenizer has no single token for a digit
 * @throws {ModelError} if `maxTokens` exceeds the model's context
 */
export function onnxDigitScorer(
  model: OnnxCausalModel,
  key: string,
  prompt: PromptText,
  { maxTokens = Math.min(1024, model.maxPositions) }: Pick<DigitScorerOptions, 'maxTokens'> = {},
): Scorer {
  checkContext(model, maxTokens)
  return digitPromptScorer(model.tokenizer, key, prompt, maxTokens, (sequences, digits, give, options) =>
    model.expectedScores(sequences, digits, give, options),
  )
}
