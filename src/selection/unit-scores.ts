import type { PoolItem } from './pool'
import { scoreProblem } from './ranking'
import type { Decision } from './selector'

/** Items whose score is a finite number, and why the others cannot take part. */
export function scoredItems(items: readonly PoolItem[]): {
  readonly scored: readonly PoolItem[]
  readonly decided: Map<PoolItem, Decision>
} {
  const decided = new Map<PoolItem, Decision>()
  const scored = items.filter(item => {
    if (Number.isFinite(item.score)) return true
    decided.set(item, { kind: 'invalid', reason: scoreProblem(item) })
    return false
  })
  return { scored, decided }
}

/**
 * Scores of items, all of them finite, brought to [0, 1]: (score − least) / (largest − least). If all are
 * equal, each is 1.
 */
export function unitScores(items: readonly PoolItem[]): Float64Array {
  // Halves, because the difference of two numbers may be too large for a number.
  const halves = Float64Array.from(items, ({ score }) => (score as number) / 2)
  const least = halves.reduce((a, b) => Math.min(a, b), Infinity)
  const largest = halves.reduce((a, b) => Math.max(a, b), -Infinity)
  return halves.map(half => (largest > least ? (half - least) / (largest - least) : 1))
}
