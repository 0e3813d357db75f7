import fc from 'fast-check'
import type { Gpu } from '../../src/gpu/gpu'
import * as metrics from '../../src/similarity/metric'
import * as reference from '../reference/deita'
import { givenVectors } from './vectors'

/** A pool of rows with given vectors; an odd row's NaN stands for a score that is missing. */
export const poolOf = (gpu: Gpu, rows: readonly reference.Row[]) => ({
  items: rows.map(({ index, score, content, tokens }, i) => ({
    index,
    id: `row-${index}`,
    score: Number.isNaN(score) && index % 2 ? { missing: 'the scorer failed' } : score,
    text: String(i),
    ...(content === undefined ? {} : { content }),
    ...(tokens === undefined ? {} : { tokens }),
  })),
  vectors: givenVectors(
    gpu,
    rows.map(({ vector }) => vector),
    rows[0]?.vector.length ?? 3,
  ),
})

/** Vectors in few directions, so that many are equal, opposite, orthogonal or nearly so. */
const vectors = (E: number) => {
  const lattice = fc.array(fc.integer({ min: -2, max: 2 }), { minLength: E, maxLength: E })
  const smooth = fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: E, maxLength: E })
  const special = fc
    .tuple(lattice, fc.nat(E - 1), fc.constantFrom(NaN, Infinity, -Infinity, 1e-45, 3e38))
    .map(([v, at, x]) => v.with(at, x))
  const nudged = fc
    .tuple(lattice, fc.nat(E - 1), fc.constantFrom(1e-3, 1e-5, 3e-7))
    .map(([v, at, x]) => v.with(at, v[at]! + x))
  return fc.oneof(
    { weight: 5, arbitrary: lattice },
    { weight: 2, arbitrary: smooth },
    { weight: 3, arbitrary: nudged },
    { weight: 1, arbitrary: special },
    { weight: 1, arbitrary: fc.constant(Array<number>(E).fill(0)) },
  )
}

const scores = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 5 }) },
  { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity, -0, 0, 1e308) },
)

/** Rows whose indices are shuffled. Some have the content of every row with the same vector, others their own. */
const rows = fc
  .integer({ min: 1, max: 6 })
  .chain(E =>
    fc.array(
      fc.record({ score: scores, vector: vectors(E), shared: fc.boolean(), tokens: fc.nat({ max: 5 }) }),
      { minLength: 1, maxLength: 24 },
    ),
  )
  .chain(list =>
    fc.shuffledSubarray([...list.keys()], { minLength: list.length, maxLength: list.length }).map(indices =>
      list.map(({ score, vector, shared, tokens }, i) => ({
        index: indices[i]!,
        score,
        tokens,
        vector: Float32Array.from(vector),
        content: shared ? String(Float32Array.from(vector)) : `row ${i}`,
      })),
    ),
  )

const budgets = (n: number) =>
  fc.oneof(
    fc.constantFrom(0, 1, n, n + 1, Infinity),
    fc.nat({ max: n }),
    fc.record({ fraction: fc.constantFrom(0, 0.1, 0.07, 0.5, 1 / 3, 1) }),
    fc.record({ tokens: fc.nat({ max: 5 * n }) }),
  )

const pins = (n: number, kinds: readonly ('keep' | 'leave' | null)[]) =>
  fc.array(fc.constantFrom(...kinds), { minLength: n, maxLength: n })

/** Rows and settings for Deita's selection. The threshold is often a similarity of two rows, or next to one. */
export const cases = rows.chain(list =>
  fc
    .record({
      budget: budgets(list.length),
      metric: fc.constantFrom(
        metrics.cosine,
        metrics.cosine,
        metrics.dot,
        metrics.negativeL1,
        metrics.negativeL2,
      ),
      threshold: fc.oneof(fc.constantFrom(-1, 0, 1, 0.9), fc.double({ min: -3, max: 3, noNaN: true })),
      near: fc.option(
        fc.tuple(fc.nat(), fc.nat(), fc.constantFrom(0, 1e-16, -1e-16, 1e-9, -1e-9, 1e-7, -1e-7)),
      ),
      pins: fc.oneof(
        fc.constant(null),
        pins(list.length, ['keep', 'leave', null]),
        pins(list.length, ['leave', null, null]),
      ),
    })
    .map(({ budget, metric, threshold, near, pins }) => {
      const name = metric.name as reference.MetricName
      const usable = list.map(({ vector }) => vector).filter(v => reference.isComparable(v, name))
      let τ = threshold
      if (near && usable.length > 0) {
        const [a, b, away] = near
        τ = away + reference.similarity(name, usable[a % usable.length]!, usable[b % usable.length]!)
      }
      const [least, most] = metric.range
      τ = Math.min(most, Math.max(least, τ))
      const keep = new Set<number>()
      const exclude = new Map<number, string>()
      pins?.forEach((pin, index) => {
        if (pin === 'keep') keep.add(index)
        if (pin === 'leave') exclude.set(index, `number ${index} is not wanted`)
      })
      return { rows: list, settings: { budget, metric, threshold: τ, keep, exclude } }
    }),
)
