import type { LabelledAnswer } from '../data/labelled'
import type { Tokenizer } from '../io/tokenizer'
import type { DroppedExample } from './dropped'
import { type AnswerOptions, answerEncoder } from './encode-answers'
import type { EncodedLabelled } from './examples'

export interface EncodedLabelledAnswers {
  readonly answers: readonly EncodedLabelled[]
  /** Answers that cannot be trained on, and why. */
  readonly dropped: readonly DroppedExample[]
}

/**
 * Labelled answers in tokens, each as a side of a pair is; see `encodePairs`.
 *
 * @throws {TokenizerError} if there is no chat template, or none for this tokenizer
 * @throws {TrainingError} if `maxLength` is no whole number of at least 2
 */
export function encodeLabelled(
  tokenizer: Tokenizer,
  labelled: readonly LabelledAnswer[],
  options: AnswerOptions = {},
): EncodedLabelledAnswers {
  const encode = answerEncoder(tokenizer, ['answer'], options)
  const answers: EncodedLabelled[] = []
  const dropped: DroppedExample[] = []
  for (const { index, prompt, completion, label } of labelled) {
    const result = encode(prompt, [completion])
    if ('cause' in result) dropped.push({ index, ...result })
    else answers.push({ index, answer: result.answers[0]!, desirable: label, truncated: result.truncated })
  }
  return { answers, dropped }
}
