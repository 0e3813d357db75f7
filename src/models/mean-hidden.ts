import { meanPool } from '../ops/mean-pool'
import { unitRows } from '../ops/unit-rows'
import {
  eachPooledHidden,
  type HiddenGroup,
  type HiddenOptions,
  type Pooling,
  type StateNetwork,
} from './pooled-hidden'

/** Which of a sequence's n tokens count: [begin, end). */
export type TokenSpan = (n: number) => readonly [begin: number, end: number]

export const allTokens: TokenSpan = n => [0, n]

/** The mean of the states of a span of each sequence's tokens, at length 1 if `normalize`. */
export const meanOver =
  (span: TokenSpan, { normalize = false } = {}): Pooling =>
  (tape, states, starts, lengths) => {
    const { gpu } = tape
    const spans = lengths.map(span)
    const places = (of: (n: number) => number) =>
      gpu.tensor([starts.length], Uint32Array.from(starts.keys(), of))
    using from = places(n => starts[n]! + spans[n]![0])
    using count = places(n => spans[n]![1] - spans[n]![0])
    const means = meanPool(tape, states, from, count)
    return normalize ? unitRows(tape, means) : means
  }

/**
 * The mean of each sequence's hidden states after the final norm; see `eachPooledHidden`.
 *
 * @param visit handles a group; the next is computed when it has finished
 */
export const eachMeanHidden = (
  network: StateNetwork,
  sequences: readonly ArrayLike<number>[],
  options: HiddenOptions,
  visit: (group: HiddenGroup) => Promise<void>,
): Promise<void> => eachPooledHidden(network, sequences, options, meanOver(allTokens), visit)
