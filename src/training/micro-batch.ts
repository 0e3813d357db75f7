import type { DrawKey, PreferenceLoss } from '../losses/loss'
import { type AnswerBatch, answerBatch, answerLength } from '../models/answer-batch'
import type { EncodedPair } from './encode-pairs'

/** Log-probs of the answer tokens of both sides of a pair, in nats. */
export interface PairLogProbs {
  readonly chosen: Float32Array
  readonly rejected: Float32Array
}

/** An `AnswerBatch` of N pairs, chosen and rejected in turn, with what the loss needs. */
export interface MicroBatch extends AnswerBatch {
  readonly pairs: readonly EncodedPair[]
  /** [R]: log-probs of the reference model. */
  readonly reference: Float32Array
  /** [R]: how much each token counts in the margin. */
  readonly weight: Float32Array
}

/** Lays pairs out for one step of `loss`. */
export function microBatch(
  pairs: readonly EncodedPair[],
  references: readonly PairLogProbs[],
  loss: PreferenceLoss,
  key: Omit<DrawKey, 'example'>,
): MicroBatch {
  const batch = answerBatch(pairs.flatMap(({ chosen, rejected }) => [chosen, rejected]))
  const reference = new Float32Array(batch.index.length)
  const weight = new Float32Array(batch.index.length)
  pairs.forEach((pair, n) => {
    const lengths = [answerLength(pair.chosen), answerLength(pair.rejected)] as const
    const weights = loss.weights(...lengths, { ...key, example: pair.index })
    const [[chosen], [rejected]] = [batch.spans[2 * n]!, batch.spans[2 * n + 1]!]
    reference.set(references[n]!.chosen, chosen)
    reference.set(references[n]!.rejected, rejected)
    weight.set(weights.chosen, chosen)
    weight.set(weights.rejected, rejected)
  })
  return { ...batch, pairs, reference, weight }
}
