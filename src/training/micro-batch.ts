import type { DrawKey, PreferenceLoss } from '../losses/loss'
import { pack } from '../nn/packed'
import { answerLength, type EncodedAnswer, type EncodedPair } from './encode-pairs'

/** Log-probs of the answer tokens of both sides of a pair, in nats. */
export interface PairLogProbs {
  readonly chosen: Float32Array
  readonly rejected: Float32Array
}

/**
 * Some answers laid out for one forward pass: T tokens packed, of which R predict an answer token.
 * T and R are rounded up a little, so that few shapes occur and each is recorded once.
 */
export interface AnswerBatch {
  readonly ids: Uint32Array
  readonly positions: Uint32Array
  readonly ranges: Uint32Array
  /** [R]: the token position that predicts each answer token; 0xffffffff beyond the last. */
  readonly index: Uint32Array
  /** [R]: the answer tokens. */
  readonly targets: Uint32Array
  /** Where each answer's tokens lie in [R]: begin, end. */
  readonly spans: readonly (readonly [number, number])[]
  /** Tokens without the rounding. */
  readonly tokens: number
}

/** An `AnswerBatch` of N pairs, chosen and rejected in turn, with what the loss needs. */
export interface MicroBatch extends AnswerBatch {
  readonly pairs: readonly EncodedPair[]
  /** [R]: log-probs of the reference model. */
  readonly reference: Float32Array
  /** [R]: how much each token counts in the margin. */
  readonly weight: Float32Array
}

/** `n` rounded up to a multiple of 64 and, from 512 on, to one of eight sizes an octave: at most an eighth more. */
export function roundedSize(n: number): number {
  const unit = Math.max(64, 2 ** (Math.floor(Math.log2(Math.max(1, n))) - 3))
  return Math.ceil(Math.max(1, n) / unit) * unit
}

/** Lays answers out for one forward pass. */
export function answerBatch(answers: readonly EncodedAnswer[]): AnswerBatch {
  const tokens = answers.reduce((sum, { ids }) => sum + ids.length, 0)
  const packed = pack(
    answers.map(({ ids }) => ids),
    roundedSize(tokens),
  )
  const R = roundedSize(answers.reduce((sum, answer) => sum + answerLength(answer), 0))
  const index = new Uint32Array(R).fill(0xffffffff)
  const targets = new Uint32Array(R)
  let r = 0
  const spans = answers.map(({ ids, answerBegin }, i) => {
    const begin = r
    for (let t = answerBegin; t < ids.length; t++) {
      index[r] = packed.starts[i]! + t - 1
      targets[r++] = ids[t]!
    }
    return [begin, r] as const
  })
  return { ...packed, index, targets, spans, tokens }
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
