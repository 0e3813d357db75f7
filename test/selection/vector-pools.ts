import fc from 'fast-check'
import { expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import { type SelectOptions, type Selector, select } from '../../src/selection/selector'
import type { Wish } from '../reference/budget'
import type { Kept, Row } from '../reference/greedy-picks'
import { rowWishes, tokenWishes } from './items'
import { poolOf } from './pools'

/** Vectors in few directions, so that many are equal, opposite, orthogonal or nearly so; some have none. */
const vectors = (E: number) => {
  const lattice = fc.array(fc.integer({ min: -2, max: 2 }), { minLength: E, maxLength: E })
  const smooth = fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: E, maxLength: E })
  const nudged = fc
    .tuple(lattice, fc.nat(E - 1), fc.constantFrom(1e-3, 1e-4, 3e-5, 1e-6))
    .map(([v, at, x]) => v.with(at, v[at]! + x))
  const special = fc
    .tuple(lattice, fc.nat(E - 1), fc.constantFrom(NaN, Infinity, -Infinity, 1e-45, 3e38))
    .map(([v, at, x]) => v.with(at, x))
  return fc.oneof(
    { weight: 5, arbitrary: lattice },
    { weight: 3, arbitrary: smooth },
    { weight: 3, arbitrary: nudged },
    { weight: 1, arbitrary: special },
    { weight: 1, arbitrary: fc.constant(Array<number>(E).fill(0)) },
  )
}

const scores = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 5 }) },
  { weight: 2, arbitrary: fc.double({ min: -5, max: 5, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity, -0, 0, 1e308, -1e308) },
)

/** Rows of up to `most`, in any order, with gaps between their indices, and a budget. */
export const vectorPools = (
  most = 20,
): fc.Arbitrary<{ readonly rows: readonly Row[]; readonly wish: Wish; readonly E: number }> =>
  fc.integer({ min: 1, max: 6 }).chain(E =>
    fc
      .array(fc.record({ score: scores, vector: vectors(E), tokens: fc.nat({ max: 9 }) }), {
        maxLength: most,
      })
      .chain(list =>
        fc.record({
          E: fc.constant(E),
          wish: fc.oneof({ weight: 2, arbitrary: rowWishes }, { weight: 1, arbitrary: tokenWishes }),
          rows: fc
            .uniqueArray(fc.nat({ max: 3 * list.length + 1 }), {
              minLength: list.length,
              maxLength: list.length,
            })
            .map(indices =>
              list.map(({ vector, ...row }, i) => ({
                ...row,
                index: indices[i]!,
                vector: Float32Array.from(vector),
              })),
            ),
        }),
      ),
  )

/** How the bank is filled: it makes no difference. */
export const banks = fc.record({
  blockSize: fc.constantFrom(1, 7, 64),
  shardRows: fc.constantFrom(1, 64, 1000),
})

/** Selects, and compares what is kept, its values and every reason's kind with the reference. */
export async function check(
  gpu: Gpu,
  rows: readonly Row[],
  selector: Selector,
  want: Kept,
  options: SelectOptions = {},
) {
  const { kept, outcomes } = await select(poolOf(gpu, rows), selector, options)
  const values = kept.map(index => ({ index, value: outcomes.find(o => o.index === index)!.value }))
  expect(values).toEqual(want.kept)
  expect(outcomes.map(({ index }) => index)).toEqual(rows.map(({ index }) => index))
  for (const { index, id, position, decision } of outcomes) {
    expect(id).toBe(`row-${index}`)
    const rank = kept.indexOf(index)
    expect(position).toBe(rank < 0 ? null : rank)
    if (rank >= 0)
      expect(decision).toMatchObject({ kind: 'kept', rank, because: expect.stringMatching(/\w/) })
    else if (!want.invalid.has(index)) expect(decision).toEqual({ kind: 'beyond budget' })
    else {
      const reason = expect.stringMatching(/^its (score|embedding) is|^the scorer failed$/)
      expect(decision).toEqual({ kind: 'invalid', reason })
    }
  }
  return outcomes
}

/** N rows around a few centres, in E dimensions. */
export function clusters(N: number, E: number, noise: (length: number, seed: number) => Float32Array): Row[] {
  const centres = noise(20 * E, 1)
  const away = noise(N * E, 2).map(v => 0.4 * v)
  return Array.from({ length: N }, (_, i) => ({
    index: i,
    score: (i * 7) % 11,
    vector: Float32Array.from({ length: E }, (_, e) => centres[(i % 20) * E + e]! + away[i * E + e]!),
    tokens: 1 + (i % 5),
  }))
}
