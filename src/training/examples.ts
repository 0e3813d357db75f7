import type { LabelledLoss, Loss, PairLoss, SequenceLoss } from '../losses/loss'
import type { EncodedAnswer } from '../models/answer-batch'
import type { EncodedPair } from './encode-pairs'

export type { EncodedPair }

/** A conversation ready to train on. */
export interface EncodedSequence {
  /** The row's position in its file. */
  readonly index: number
  readonly ids: Uint32Array
  /** 1 for each token that is trained, else 0. The first one is never predicted. */
  readonly mask: Uint8Array
  /** Whether it was cut to fit. */
  readonly truncated: boolean
}

/** One answer ready to train on, known as desirable or not. */
export interface EncodedLabelled {
  /** The row's position in its file. */
  readonly index: number
  readonly answer: EncodedAnswer
  readonly desirable: boolean
  /** Whether it was cut to fit. */
  readonly truncated: boolean
}

/** What a loss is trained on. */
export type ExampleOf<L extends Loss> = L extends PairLoss
  ? EncodedPair
  : L extends SequenceLoss
    ? EncodedSequence
    : L extends LabelledLoss
      ? EncodedLabelled
      : never

export type Example = EncodedPair | EncodedSequence | EncodedLabelled

/** The kind of loss that an example is for. */
export const kindOf = (example: Example): Loss['kind'] =>
  'chosen' in example ? 'pairs' : 'answer' in example ? 'labelled' : 'sequences'

/** The tokens of an example's sequences. */
export function sequencesOf(example: Example): readonly Uint32Array[] {
  if ('chosen' in example) return [example.chosen.ids, example.rejected.ids]
  return ['answer' in example ? example.answer.ids : example.ids]
}

/** Tokens of all sequences of an example. */
export const exampleTokens = (example: Example): number =>
  sequencesOf(example).reduce((sum, { length }) => sum + length, 0)

/** Tokens of the longest sequence of an example. */
export const longestSequence = (example: Example): number =>
  Math.max(...sequencesOf(example).map(({ length }) => length))
