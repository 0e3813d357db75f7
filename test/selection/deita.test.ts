import fc from 'fast-check'
import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import { type DeitaOptions, deita } from '../../src/selection/deita'
import { select } from '../../src/selection/selector'
import { cosine } from '../../src/similarity/metric'
import official from '../fixtures/deita.json' with { type: 'json' }
import { test } from '../gpu'
import { noise } from '../numbers'
import * as reference from '../reference/deita'
import { cases, poolOf } from './pools'

/** Selects on the GPU and by the double loop, and compares everything. */
async function check(gpu: Gpu, rows: readonly reference.Row[], options: DeitaOptions): Promise<void> {
  const { metric: { name } = cosine, ...rest } = options
  const want = reference.deita(rows, { threshold: 0.9, ...rest, metric: name as reference.MetricName })
  const got = await select(poolOf(gpu, rows), deita(options))
  const plain = got.outcomes.map(({ position, decision }) => ({
    position,
    decision: decision.kind === 'invalid' ? { kind: 'invalid' } : decision,
  }))
  expect(plain).toEqual(want)
  expect(got.outcomes.map(({ index }) => index)).toEqual(rows.map(({ index }) => index))
  const kept = rows.filter((_, i) => want[i]!.decision.kind === 'kept')
  const rank = (decision: reference.Decision) => (decision.kind === 'kept' ? decision.rank : -1)
  const ranks = new Map(rows.map((row, i) => [row, rank(want[i]!.decision)]))
  kept.sort((a, b) => ranks.get(a)! - ranks.get(b)!)
  expect(got.kept).toEqual(kept.map(({ index }) => index))
}

describe('deita', () => {
  test('keeps what a double loop keeps, for the same reasons', async ({ gpu }) => {
    await fc.assert(
      fc.asyncProperty(
        cases,
        fc.constantFrom(1, 7, 64),
        fc.boolean(),
        async ({ rows, settings }, blockSize, compat) => {
          await check(gpu, rows, { ...settings, blockSize, compat })
        },
      ),
      { numRuns: 400, seed: 1 },
    )
  })

  test("selects what Deita's own code selects", async ({ gpu }) => {
    for (const [number, { rows, threshold, budget, kept }] of official.entries()) {
      const pool = poolOf(
        gpu,
        rows.map(({ complexity, quality, embedding }, index) => ({
          index,
          score: complexity.reduce((sum: number, c, t) => sum + (c ?? NaN) * (quality[t] ?? NaN), 0),
          vector: embedding.map(value => value ?? NaN),
        })),
      )
      const options = { budget: budget === -1 ? Infinity : budget, threshold, compat: true }
      const selection = await select(pool, deita(options))
      expect(selection.kept, `case ${number}`).toEqual(kept)
    }
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
      poolOf(gpu, rows.slice(0, 6)),
      deita({ budget: Infinity, threshold, blockSize }),
    )
    expect(kept).toEqual([0, 2, 4])
    await check(gpu, rows, { budget: Infinity, threshold, blockSize })
  })

  test('keeps rows of different text and the same vector at threshold 1 and drops them just below', async ({
    gpu,
  }) => {
    const vector = noise(7, 3)
    const rows = [0, 1, 2].map(index => ({ index, score: 1, vector }))
    const all = await select(poolOf(gpu, rows), deita({ budget: 9, threshold: 1 }))
    expect(all.kept).toEqual([0, 1, 2])
    const one = await select(poolOf(gpu, rows), deita({ budget: 9, threshold: 1 - 1e-12 }))
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
    const { outcomes, kept } = await select(poolOf(gpu, rows), deita({ budget: 3 }))
    expect(kept).toEqual([])
    expect(outcomes.map(({ decision }) => decision)).toEqual(
      [
        'its score is NaN',
        'the scorer failed',
        'its embedding is zero',
        'its embedding is not finite or too large',
        'its score is Infinity',
      ].map(reason => ({ kind: 'invalid', reason })),
    )
  })

  test('embeds only the rows it reaches, best first', async ({ gpu }) => {
    const rows = Array.from({ length: 200 }, (_, i) => ({ index: i, score: i, vector: [1, i] }))
    const full = poolOf(gpu, rows)
    await select(full, deita({ budget: 2, threshold: 1, blockSize: 5 }))
    expect(full.vectors.asked).toEqual(['199', '198', '197', '196', '195'])
    const none = poolOf(gpu, rows)
    await select(none, deita({ budget: 0 }))
    expect(none.vectors.asked).toEqual([])
    const few = poolOf(gpu, rows)
    await select(few, deita({ budget: 30, threshold: 1 }))
    expect(few.vectors.asked.length).toBeLessThan(200)
  })

  test('reports progress and stops when it is told to', async ({ gpu }) => {
    const rows = Array.from({ length: 30 }, (_, i) => ({ index: i, score: 1, vector: [1, i] }))
    const seen: number[] = []
    const controller = new AbortController()
    const work = select(poolOf(gpu, rows), deita({ budget: 30, threshold: 1, blockSize: 10 }), {
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
    expect(await select(poolOf(gpu, []), deita({ budget: 5 }))).toEqual({ kept: [], outcomes: [] })
  })

  test('explains what it cannot take', async ({ gpu }) => {
    expect(() => deita({ budget: -1 })).toThrow(/budget is -1/)
    expect(() => deita({ budget: NaN })).toThrow(/budget is NaN/)
    expect(() => deita({ budget: 1.5 })).toThrow(/budget is 1.5/)
    expect(() => deita({ budget: 1, threshold: 1.01 })).toThrow(
      /threshold is 1.01, expected a similarity by cosine: a number in \[-1, 1\]/,
    )
    expect(() => deita({ budget: 1, threshold: NaN })).toThrow(/threshold is NaN/)
    expect(() => deita({ budget: 1, blockSize: 0 })).toThrow(/blockSize is 0/)
    const rows = [0, 0].map(index => ({ index, score: 1, vector: [1] }))
    await expect(select(poolOf(gpu, rows), deita({ budget: 1 }))).rejects.toThrow(/both have index 0/)
    const wrong = { ...poolOf(gpu, [{ index: 0, score: 1, vector: [1, 2] }]) }
    wrong.vectors = { ...wrong.vectors, take: async () => gpu.zeros([1, 3]) }
    await expect(select(wrong, deita({ budget: 1 }))).rejects.toThrow(/\[1, 3\], expected \[B, 2\]/)
  })
})
