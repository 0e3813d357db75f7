import { pack } from '../nn/packed'
import { ModelError } from './errors'

/** One answer in its context: `ids[answerBegin…]` are the answer's tokens, the only ones whose log-probs count. */
export interface EncodedAnswer {
  readonly ids: Uint32Array
  /** At least 1: a token is predicted by the one before it. */
  readonly answerBegin: number
}

/** Answer tokens of an encoded answer. */
export const answerLength = ({ ids, answerBegin }: EncodedAnswer): number => ids.length - answerBegin

/** A sequence and the places of the tokens whose log-probs count, in ascending order, each at least 1. */
export interface PredictedSequence {
  readonly ids: Uint32Array
  readonly predicted: ArrayLike<number>
}

/**
 * Some sequences laid out for one forward pass: T tokens packed, of which R predict a token that counts.
 * T and R are rounded up a little, so that few shapes occur and each is recorded once.
 */
export interface TokenBatch {
  readonly ids: Uint32Array
  readonly positions: Uint32Array
  readonly ranges: Uint32Array
  /** [R]: the token position that predicts each token that counts; 0xffffffff beyond the last. */
  readonly index: Uint32Array
  /** [R]: the tokens that count. */
  readonly targets: Uint32Array
  /** Where each sequence's tokens lie in [R]: begin, end. */
  readonly spans: readonly (readonly [number, number])[]
  /** Tokens without the rounding. */
  readonly tokens: number
}

/** `n` rounded up to a multiple of 64 and, from 512 on, to one of eight sizes an octave: at most an eighth more. */
export function roundedSize(n: number): number {
  const unit = Math.max(64, 2 ** (Math.floor(Math.log2(Math.max(1, n))) - 3))
  return Math.ceil(Math.max(1, n) / unit) * unit
}

/** Lays sequences out for one forward pass. */
export function tokenBatch(sequences: readonly PredictedSequence[]): TokenBatch {
  const tokens = sequences.reduce((sum, { ids }) => sum + ids.length, 0)
  const packed = pack(
    sequences.map(({ ids }) => ids),
    roundedSize(tokens),
  )
  const R = roundedSize(sequences.reduce((sum, { predicted }) => sum + predicted.length, 0))
  const index = new Uint32Array(R).fill(0xffffffff)
  const targets = new Uint32Array(R)
  let r = 0
  const spans = sequences.map(({ ids, predicted }, i) => {
    const begin = r
    for (let n = 0; n < predicted.length; n++) {
      const t = predicted[n]!
      index[r] = packed.starts[i]! + t - 1
      targets[r++] = ids[t]!
    }
    return [begin, r] as const
  })
  return { ...packed, index, targets, spans, tokens }
}

/**
 * Lays answers out for one forward pass: all of their tokens count.
 *
 * @throws {ModelError} for an answer that begins with its first token, which nothing predicts
 */
export function answerBatch(answers: readonly EncodedAnswer[]): TokenBatch {
  const without = answers.findIndex(({ answerBegin }) => answerBegin < 1)
  if (without >= 0) {
    throw new ModelError(
      `answer ${without} begins at token ${answers[without]!.answerBegin}, which no token before it predicts; ` +
        'put a prompt or a beginning-of-text token before it',
    )
  }
  return tokenBatch(
    answers.map(answer => ({
      ids: answer.ids,
      predicted: Uint32Array.from({ length: answerLength(answer) }, (_, t) => answer.answerBegin + t),
    })),
  )
}
