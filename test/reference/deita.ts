import { first } from './cosine-threshold'

export interface Row {
  readonly index: number
  /** NaN for a score that is missing. */
  readonly score: number
  readonly vector: ArrayLike<number>
}

export type Decision =
  | { kind: 'kept'; rank: number }
  | { kind: 'similar'; to: number; similarity: number }
  | { kind: 'beyond budget' }
  | { kind: 'invalid' }

export interface Outcome {
  readonly position: number | null
  readonly decision: Decision
}

const hasDirection = (vector: ArrayLike<number>) => {
  const values = Array.from(vector)
  return values.every(Number.isFinite) && values.some(v => Math.abs(v) >= 2 ** -100)
}

/** Deita's selection as a plain double loop: one row after the other against all rows kept before it. */
export function deita(
  rows: readonly Row[],
  { budget, threshold }: { budget: number; threshold: number },
): Outcome[] {
  const order = rows.filter(row => Number.isFinite(row.score))
  order.sort((a, b) => (a.score === b.score ? a.index - b.index : b.score - a.score))
  const kept: Row[] = []
  const decide = (row: Row): Decision => {
    if (kept.length >= budget) return { kind: 'beyond budget' }
    if (!hasDirection(row.vector)) return { kind: 'invalid' }
    const vectors = kept.map(({ vector }) => vector)
    const match = first(row.vector, vectors, threshold)
    if (match) return { kind: 'similar', to: kept[match.row]!.index, similarity: match.similarity }
    kept.push(row)
    return { kind: 'kept', rank: kept.length - 1 }
  }
  const outcomes = new Map(order.map((row, position) => [row, { position, decision: decide(row) }]))
  return rows.map(row => outcomes.get(row) ?? { position: null, decision: { kind: 'invalid' } })
}
