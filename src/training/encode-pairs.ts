import type { Pair } from '../data/row'
import type { Tokenizer } from '../io/tokenizer'
import type { EncodedAnswer } from '../models/answer-batch'
import type { DroppedExample } from './dropped'
import { type AnswerOptions, answerEncoder } from './encode-answers'

/** A pair ready to train on. */
export interface EncodedPair {
  /** The pair's position in its file. */
  readonly index: number
  readonly chosen: EncodedAnswer
  readonly rejected: EncodedAnswer
  /** Whether either side was cut to fit. */
  readonly truncated: boolean
}

export interface EncodedPairs {
  readonly pairs: readonly EncodedPair[]
  /** Pairs that cannot be trained on, and why. */
  readonly dropped: readonly DroppedExample[]
}

/**
 * Renders pairs with a chat template and tokenizes them. The prompt ends with the template's generation prompt; the
 * answer is all that the template adds for the assistant's turn, its end-of-turn token included. The boundary is where
 * generation would begin: where a token would hold characters of both, the two are tokenized apart. Where a template
 * writes more before an answer to come than before one that is there, the answer begins where it stands.
 *
 * A pair is dropped if a side keeps no token of its answer within `maxLength`, if its answers do not differ within it,
 * or if template or tokenizer refuse it. Whatever is dropped has its reason.
 *
 * @throws {TokenizerError} if there is no chat template, or none for this tokenizer
 * @throws {TrainingError} if `maxLength` is no whole number of at least 2
 */
export function encodePairs(
  tokenizer: Tokenizer,
  pairs: readonly Pair[],
  options: AnswerOptions = {},
): EncodedPairs {
  const encode = answerEncoder(tokenizer, ['chosen answer', 'rejected answer'], options)
  const encoded: EncodedPair[] = []
  const dropped: DroppedExample[] = []
  for (const { index, prompt, ...texts } of pairs) {
    const result = encode(prompt, [texts.chosen, texts.rejected])
    if ('cause' in result) {
      dropped.push({ index, ...result })
      continue
    }
    const [chosen, rejected] = result.answers as readonly [EncodedAnswer, EncodedAnswer]
    if (chosen.ids.join() !== rejected.ids.join()) {
      encoded.push({ index, chosen, rejected, truncated: result.truncated })
      continue
    }
    const left = chosen.ids.length - chosen.answerBegin
    const reason = `both answers are the same in the ${left} tokens that ${result.truncated ? 'are left of them' : 'they have'}`
    dropped.push({ index, cause: 'same answers', reason })
  }
  return { pairs: encoded, dropped }
}
