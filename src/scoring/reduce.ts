import type { Missing, Score } from './score'

/** Makes one score of several; it is given at least one. */
export type Reduce = (scores: readonly Score[]) => Score

/**
 * A `Reduce` of a function of numbers: missing, with the first reason, where a score is missing, and where the
 * result is no finite number.
 */
export const ofNumbers =
  (f: (values: readonly number[]) => Score): Reduce =>
  scores => {
    const missing = scores.find((score): score is Missing => typeof score !== 'number')
    if (missing) return missing
    const result = f(scores as readonly number[])
    return typeof result !== 'number' || Number.isFinite(result)
      ? result
      : { missing: `its scores ${scores.join(', ')} make ${result}` }
  }

const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

/** The sum, as Deita's over the exchanges of a row: long conversations score high. */
export const sum: Reduce = ofNumbers(total)

/** The mean. */
export const mean: Reduce = ofNumbers(values => total(values) / values.length)

/** The largest. */
export const max: Reduce = ofNumbers(values => values.reduce((a, b) => Math.max(a, b)))

/** The last, whatever those before it are. */
export const last: Reduce = scores => scores.at(-1)!
