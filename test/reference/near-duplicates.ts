import { isComparable, type MetricName, similarity } from './deita'
import type { PlainOutcome } from './outcomes'

export interface Row {
  readonly index: number
  /** NaN for a score that is missing. */
  readonly score: number
  readonly content: string
  readonly vector: ArrayLike<number>
}

/** One row after the other against all rows kept before it, until `budget` rows are kept. */
export function nearDuplicates(
  rows: readonly Row[],
  metric: MetricName,
  threshold: number,
  budget: number,
): PlainOutcome[] {
  const best = (a: Row, b: Row) => {
    const finite = ({ score }: Row) => (Number.isFinite(score) ? score : null)
    const [x, y] = [finite(a), finite(b)]
    if (x === null || y === null) return Number(x === null) - Number(y === null) || a.index - b.index
    return x === y ? a.index - b.index : x > y ? -1 : 1
  }
  const sorted = [...rows].sort(best)
  const firstOf = (row: Row) => sorted.find(({ content }) => content === row.content)!
  const order = sorted.filter(row => firstOf(row) === row)
  const kept: Row[] = []
  const decide = (row: Row): PlainOutcome['decision'] & object => {
    if (kept.length >= budget) return { kind: 'beyond budget' }
    if (!isComparable(row.vector, metric)) return { kind: 'invalid' }
    const other = kept.find(({ vector }) => similarity(metric, row.vector, vector) > threshold)
    if (other) {
      const match = { to: other.index, similarity: similarity(metric, row.vector, other.vector) }
      return { kind: 'similar', ...match }
    }
    kept.push(row)
    return { kind: 'kept', rank: kept.length - 1 }
  }
  const decisions = new Map(order.map(row => [row, decide(row)]))
  return rows.map(row => ({
    index: row.index,
    position: decisions.has(row) ? order.indexOf(row) : null,
    decision: decisions.get(row) ?? { kind: 'duplicate', of: firstOf(row).index },
  }))
}
