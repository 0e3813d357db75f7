import type { Row } from '../../src/index'
import type { ScoreColumns } from '../row-protocol'

/** Rows that are looked at to find out what they bring along. */
const SAMPLE = 100
const ending = '_scores'

/** Columns of scores as Deita and `tabtune score` write them, such as `quality_scores`, if the rows have any. */
export function scoreColumnsOf(rows: readonly Row[]): ScoreColumns | null {
  const counts = new Map<string, number>()
  const sample = rows.slice(0, SAMPLE)
  for (const { raw } of sample)
    for (const [name, value] of Object.entries(raw as object))
      if (name.endsWith(ending) && (typeof value === 'number' || Array.isArray(value)))
        counts.set(name, (counts.get(name) ?? 0) + 1)
  const columns = [...counts].filter(([, n]) => 2 * n > sample.length).map(([name]) => name)
  if (columns.length === 0) return null
  return Object.fromEntries(columns.sort().map(name => [name.slice(0, -ending.length), name]))
}
