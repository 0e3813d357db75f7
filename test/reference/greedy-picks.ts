import { keptWithin, type Wish } from './budget'
import { rounded } from './fixed-point-rows'

/** A row of a pool; NaN for a score that is missing. */
export interface Row {
  readonly index: number
  readonly score: number
  readonly vector: ArrayLike<number>
  readonly tokens?: number
}

export interface Place {
  readonly row: Row
  readonly point: readonly number[]
}

/** What a strategy keeps, in order, and the rows that cannot take part. */
export interface Kept {
  readonly kept: readonly { readonly index: number; readonly value: number | null }[]
  readonly invalid: ReadonlySet<number>
}

/** The rows that can take part, in the order of the file. */
export const places = (rows: readonly Row[], scored: boolean): Place[] =>
  rows
    .flatMap(row => {
      const point = rounded(row.vector)
      return point && (!scored || Number.isFinite(row.score)) ? [{ row, point }] : []
    })
    .sort((a, b) => a.row.index - b.row.index)

/**
 * Cuts a whole order of picks to the budget. With a budget of nothing no vector is looked at, so that only
 * scores can be at fault.
 */
export function within(
  rows: readonly Row[],
  order: readonly { readonly place: Place; readonly value: number | null }[],
  wish: Wish,
  scored: boolean,
): Kept {
  const none =
    'rows' in wish
      ? wish.rows === 0
      : 'percent' in wish
        ? wish.percent * rows.length === 0
        : wish.tokens === 0
  const fault = (row: Row) =>
    (!none && rounded(row.vector) === null) || (scored && !Number.isFinite(row.score))
  const kept = keptWithin(
    order.map(({ place }) => place.row),
    wish,
    rows.length,
  )
  return {
    kept: order.slice(0, kept).map(({ place, value }) => ({ index: place.row.index, value })),
    invalid: new Set(rows.filter(fault).map(({ index }) => index)),
  }
}

/** Scores brought to [0, 1]. */
export function unit(all: readonly Place[]): number[] {
  const scores = all.map(({ row }) => row.score)
  const [low, high] = [Math.min(...scores) / 2, Math.max(...scores) / 2]
  return scores.map(score => (high === low ? 1 : (score / 2 - low) / (high - low)))
}

/** The place of the largest value, the first of equal ones. */
export const argmax = (values: readonly (number | bigint)[]): number =>
  values.reduce<number>((best, value, i) => (value > values[best]! ? i : best), 0)
