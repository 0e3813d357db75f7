import fc from 'fast-check'
import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import { type DeitaOptions, deita } from '../../src/selection/deita'
import { select } from '../../src/selection/selector'
import { test } from '../gpu'
import { noise } from '../numbers'
import { cosine } from '../reference/cosine-threshold'
import * as reference from '../reference/deita'
import { givenVectors } from './vectors'

const pool = (gpu: Gpu, rows: readonly reference.Row[]) => ({
  items: rows.map(({ index, score }, i) => ({
    index,
    id: `row-${index}`,
    score: Number.isNaN(score) && index % 2 ? { missing: 'the scorer failed' } : score,
    text: String(i),
  })),
  vectors: givenVectors(
    gpu,
    rows.map(({ vector }) => vector),
    rows[0]?.vector.length ?? 3,
  ),
})

/** Selects on the GPU and by the double loop, and compares everything. */
async function check(
  gpu: Gpu,
  rows: readonly reference.Row[],
  options: DeitaOptions & { budget: number },
): Promise<void> {
  const { threshold = 0.9, budget } = options
  const want = reference.deita(rows, { budget, threshold })
  const got = await select(pool(gpu, rows), deita(options))
  const plain = got.outcomes.map(({ position, decision }) => ({
    position,
    decision: decision.kind === 'invalid' ? { kind: 'invalid' } : decision,
  }))
  expect(plain).toEqual(want)
  expect(got.outcomes.map(({ index }) => index)).toEqual(rows.map(({ index }) => index))
  const kept = rows.filter((_, i) => want[i]!.decision.kind === 'kept')
  const ranks = new Map(rows.map((row, i) => [row, want[i]!.position!]))
  kept.sort((a, b) => ranks.get(a)! - ranks.get(b)!)
  expect(got.kept).toEqual(kept.map(({ index }) => index))
}

const finite = (v: ArrayLike<number>) =>
  Array.from(v).every(Number.isFinite) && Array.from(v).some(x => Math.abs(x) >= 2 ** -100)

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

const cases = fc
  .integer({ min: 1, max: 6 })
  .chain(E => fc.array(fc.record({ score: scores, vector: vectors(E) }), { minLength: 1, maxLength: 24 }))
  .chain(list =>
    fc.record({
      rows: fc
        .shuffledSubarray([...list.keys()], { minLength: list.length, maxLength: list.length })
        .map(indices =>
          list.map(({ score, vector }, i) => ({
            index: indices[i]!,
            score,
            vector: Float32Array.from(vector),
          })),
        ),
      budget: fc.oneof(
        fc.constantFrom(0, 1, list.length, list.length + 1, Infinity),
        fc.nat({ max: list.length }),
      ),
      threshold: fc.oneof(fc.constantFrom(-1, 0, 1, 0.9), fc.double({ min: -1, max: 1, noNaN: true })),
      // The threshold, in half of the cases, is the similarity of two rows, or next to it.
      near: fc.option(
        fc.tuple(fc.nat(), fc.nat(), fc.constantFrom(0, 1e-16, -1e-16, 1e-9, -1e-9, 1e-7, -1e-7)),
      ),
      blockSize: fc.constantFrom(1, 7, 64),
    }),
  )

describe('deita', () => {
  test('keeps what a double loop keeps, for the same reasons', async ({ gpu }) => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ rows, budget, threshold, near, blockSize }) => {
        const directed = rows.map(({ vector }) => vector).filter(finite)
        let τ = threshold
        if (near && directed.length > 0) {
          const [a, b, away] = near
          const similarity = cosine(directed[a % directed.length]!, directed[b % directed.length]!)
          τ = Math.min(1, Math.max(-1, similarity + away))
        }
        await check(gpu, rows, { budget, threshold: τ, blockSize })
      }),
      { numRuns: 400, seed: 1 },
    )
  })

  test.for([1, 7, 64, 512])('gives the same for 300 rows in blocks of %d', async (blockSize, { gpu }) => {
    const E = 12
    const centres = noise(20 * E, 1)
    const away = noise(300 * E, 2, 0.4)
    const rows = Array.from({ length: 300 }, (_, i) => ({
      index: i,
      score: (i * 7) % 11,
      vector: Float32Array.from({ length: E }, (_, e) => centres[(i % 20) * E + e]! + away[i * E + e]!),
    }))
    await check(gpu, rows, { budget: Infinity, threshold: 0.95, blockSize })
    await check(gpu, rows, { budget: 90, threshold: 0.95, blockSize })
    await check(gpu, rows, { budget: 500, threshold: 0.8, blockSize })
  })

  // A row similar to the one before only: every second row stays. A dropped row drops nobody.
  test.for([1, 3, 64])('resolves chains in blocks of %d', async (blockSize, { gpu }) => {
    const rows = Array.from({ length: 40 }, (_, i) => ({
      index: i,
      score: 40 - i,
      vector: Float32Array.of(Math.cos((i * Math.PI) / 9), Math.sin((i * Math.PI) / 9)),
    }))
    const threshold = Math.cos((25 * Math.PI) / 180)
    await check(gpu, rows.slice(0, 6), { budget: Infinity, threshold, blockSize })
    const { kept } = await select(
      pool(gpu, rows.slice(0, 6)),
      deita({ budget: Infinity, threshold, blockSize }),
    )
    expect(kept).toEqual([0, 2, 4])
    await check(gpu, rows, { budget: Infinity, threshold, blockSize })
  })

  test('keeps exact duplicates at threshold 1 and drops them just below', async ({ gpu }) => {
    const vector = noise(7, 3)
    const rows = [0, 1, 2].map(index => ({ index, score: 1, vector }))
    const all = await select(pool(gpu, rows), deita({ budget: 9, threshold: 1 }))
    expect(all.kept).toEqual([0, 1, 2])
    const one = await select(pool(gpu, rows), deita({ budget: 9, threshold: 1 - 1e-12 }))
    expect(one.outcomes.map(({ decision }) => decision)).toEqual([
      { kind: 'kept', rank: 0 },
      { kind: 'similar', to: 0, similarity: 1 },
      { kind: 'similar', to: 0, similarity: 1 },
    ])
  })

  test('says why a row is invalid', async ({ gpu }) => {
    const rows = [
      { index: 0, score: NaN, vector: [1, 0] },
      { index: 1, score: NaN, vector: [1, 0] },
      { index: 2, score: 1, vector: [0, 0] },
      { index: 3, score: 1, vector: [1, NaN] },
      { index: 4, score: Infinity, vector: [1, 0] },
    ]
    const { outcomes, kept } = await select(pool(gpu, rows), deita({ budget: 3 }))
    expect(kept).toEqual([])
    expect(outcomes.map(({ decision }) => decision)).toEqual(
      [
        'its score is NaN',
        'the scorer failed',
        'its embedding is zero',
        'its embedding is not finite',
        'its score is Infinity',
      ].map(reason => ({ kind: 'invalid', reason })),
    )
  })

  test('embeds only the rows it reaches, best first', async ({ gpu }) => {
    const rows = Array.from({ length: 200 }, (_, i) => ({ index: i, score: i, vector: [1, i] }))
    const full = pool(gpu, rows)
    await select(full, deita({ budget: 2, threshold: 1, blockSize: 5 }))
    expect(full.vectors.asked).toEqual(['199', '198', '197', '196', '195'])
    const none = pool(gpu, rows)
    await select(none, deita({ budget: 0 }))
    expect(none.vectors.asked).toEqual([])
    const few = pool(gpu, rows)
    await select(few, deita({ budget: 30, threshold: 1 }))
    expect(few.vectors.asked.length).toBeLessThan(200)
  })

  test('reports progress and stops when it is told to', async ({ gpu }) => {
    const rows = Array.from({ length: 30 }, (_, i) => ({ index: i, score: 1, vector: [1, i] }))
    const seen: number[] = []
    const controller = new AbortController()
    const work = select(pool(gpu, rows), deita({ budget: 30, threshold: 1, blockSize: 10 }), {
      signal: controller.signal,
      onProgress({ decided, total, kept }) {
        expect([total, kept]).toEqual([30, decided])
        seen.push(decided)
        if (decided === 20) controller.abort(new Error('enough'))
      },
    })
    await expect(work).rejects.toThrow('enough')
    expect(seen).toEqual([10, 20])
  })

  test('takes an empty pool', async ({ gpu }) => {
    expect(await select(pool(gpu, []), deita({ budget: 5 }))).toEqual({ kept: [], outcomes: [] })
  })

  test('explains what it cannot take', async ({ gpu }) => {
    expect(() => deita({ budget: -1 })).toThrow(/budget is -1/)
    expect(() => deita({ budget: NaN })).toThrow(/budget is NaN/)
    expect(() => deita({ budget: 1.5 })).toThrow(/budget is 1.5/)
    expect(() => deita({ budget: 1, threshold: 1.01 })).toThrow(/threshold is 1.01/)
    expect(() => deita({ budget: 1, threshold: NaN })).toThrow(/threshold is NaN/)
    expect(() => deita({ budget: 1, blockSize: 0 })).toThrow(/blockSize is 0/)
    const rows = [0, 0].map(index => ({ index, score: 1, vector: [1] }))
    await expect(select(pool(gpu, rows), deita({ budget: 1 }))).rejects.toThrow(/both have index 0/)
    const wrong = { ...pool(gpu, [{ index: 0, score: 1, vector: [1, 2] }]) }
    wrong.vectors = { ...wrong.vectors, take: async () => gpu.zeros([1, 3]) }
    await expect(select(wrong, deita({ budget: 1 }))).rejects.toThrow(/\[1, 3\], expected \[B, 2\]/)
  })
})
