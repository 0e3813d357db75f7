import { first } from './cosine-threshold'
import type { PlainOutcome } from './outcomes'

export interface Row {
  readonly index: number
  /** NaN for a score that is missing. */
  readonly score: number
  readonly content: string
  readonly vector: ArrayLike<number>
}

const hasDirection = (vector: ArrayLike<number>) => {
  const values = Array.from(vector)
  return values.every(Number.isFinite) && values.some(v => Math.abs(v) >= 2 ** -100)
}

/** One row after the other against all rows kept before it, until `budget` rows are kept. */
export function nearDuplicates(rows: readonly Row[], threshold: number, budget: number): PlainOutcome[] {
  const best = (a: Row, b: Row) => {
    const [x, y] = [Number.isNaN(a.score) ? null : a.score, Number.isNaN(b.score) ? null : b.score]
    if (x === null || y === null) return Number(x === null) - Number(y === null) || a.index - b.index
    return x === y ? a.index - b.index : x > y ? -1 : 1
  }
  const sorted = [...rows].sort(best)
  const firstOf = (row: Row) => sorted.find(({ content }) => content === row.content)!
  const order = sorted.filter(row => firstOf(row) === row)
  const kept: Row[] = []
  const decide = (row: Row): PlainOutcome['decision'] & object => {
    if (kept.length >= budget) return { kind: 'beyond budget' }
    if (!hasDirection(row.vector)) return { kind: 'invalid' }
    const match = first(
      row.vector,
      kept.map(({ vector }) => vector),
      threshold,
    )
    if (match)
      return { kind: 'similar', to: kept[match.row]!.index, similarity: match.similarity } as { kind: string }
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
