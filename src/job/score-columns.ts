import { field, isFields } from '../data/fields'
import { only } from '../scoring/combine'
import { rankFusion } from '../scoring/rank-fusion'
import { type Reduce, sum } from '../scoring/reduce'
import { rowScore } from '../scoring/scorer'
import type { PooledRow } from './pooled-row'
import { scoreColumn } from './row-columns'

/**
 * The columns of a row that hold these scores, by key: Deita's `complexity_scores` for `complexity`, or a column of the
 * key's own name. Null if one has none.
 */
export function columnsOf(raw: unknown, keys: readonly string[]): Record<string, string> | null {
  const fields = isFields(raw) ? raw : {}
  const columns: Record<string, string> = {}
  for (const key of keys) {
    const column = [scoreColumn(key), key].find(name => field(fields, name) !== undefined)
    if (column === undefined) return null
    columns[key] = column
  }
  return columns
}

/** Gives rows scores by the ranks of their scores of several keys, each reduced over the row's exchanges. */
export function scoreByRanks(
  rows: readonly PooledRow[],
  keys: readonly string[],
  reduce: Reduce = sum,
): void {
  const rankings = keys.map(key =>
    rows.map(({ exchanges }) => rowScore(exchanges, keys, { combine: only(key), reduce })),
  )
  rankFusion(rankings).forEach((score, i) => {
    rows[i]!.score = score
  })
}
