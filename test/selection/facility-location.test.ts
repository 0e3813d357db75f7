import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { facilityLocation } from '../../src/selection/facility-location'
import { select } from '../../src/selection/selector'
import { test } from '../gpu'
import { noise } from '../numbers'
import { keptWithin } from '../reference/budget'
import * as reference from '../reference/facility-location'
import { asBudget, seeds } from './items'
import { poolOf } from './pools'
import { banks, check, clusters, vectorPools } from './vector-pools'

const shares = fc.oneof(fc.constantFrom(0, 0, 1, 0.5), fc.double({ min: 0, max: 1, noNaN: true }))
const epsilons = fc.oneof(
  fc.constantFrom(0, 0, 0.1, 0.5, 0.99),
  fc.double({ min: 1e-6, max: 0.999, noNaN: true }),
)

describe('facilityLocation', () => {
  test('keeps what plain greedy keeps of the rows it looks at', async ({ gpu }) => {
    const cases = fc.record({
      pool: vectorPools(12),
      bank: banks,
      alpha: shares,
      epsilon: epsilons,
      seed: seeds,
    })
    await fc.assert(
      fc.asyncProperty(cases, async ({ pool: { rows, wish }, bank, alpha, epsilon, seed }) => {
        const selector = facilityLocation({ budget: asBudget(wish), quality: alpha, epsilon, seed, ...bank })
        await check(gpu, rows, selector, reference.facilityLocation(rows, wish, { alpha, epsilon, seed }))
      }),
      { numRuns: 200, seed: 1 },
    )
  })

  // More rows than one batch, a shard and a block of rows hold; many of equal gain.
  test.for([
    { alpha: 0, epsilon: 0 },
    { alpha: 0.3, epsilon: 0, shardRows: 64 },
    { alpha: 0, epsilon: 0.1, shardRows: 64, blockSize: 33 },
    { alpha: 0.8, epsilon: 0.01 },
  ])('keeps the same of 150 rows at %o', async ({ alpha, epsilon, ...bank }, { gpu }) => {
    const rows = clusters(150, 8, noise)
    for (const wish of [{ rows: 12 }, { tokens: 40 }]) {
      const selector = facilityLocation({ budget: asBudget(wish), quality: alpha, epsilon, seed: 5, ...bank })
      await check(gpu, rows, selector, reference.facilityLocation(rows, wish, { alpha, epsilon, seed: 5 }))
    }
  })

  test('covers more than chance does, and nearly as much when it looks at few rows', async ({ gpu }) => {
    const rows = clusters(300, 8, noise)
    const coverage = async (epsilon: number) => {
      const { outcomes } = await select(poolOf(gpu, rows), facilityLocation({ budget: 20, epsilon }))
      return outcomes.reduce((sum, { value }) => sum + (typeof value === 'number' ? value : 0), 0)
    }
    const [all, few, one] = [await coverage(0), await coverage(0.1), await coverage(0.999)]
    // The guarantees are 1 − 1/e of the best for all rows, and ε less in expectation.
    expect(few).toBeGreaterThan(0.95 * all)
    expect(one).toBeLessThan(0.97 * all)
    expect(all).toBeLessThanOrEqual(1)
  })

  test('draws the same rows from a seed, and others from another', async ({ gpu }) => {
    const rows = clusters(100, 4, noise)
    const kept = async (seed: number) =>
      (await select(poolOf(gpu, rows), facilityLocation({ budget: 30, epsilon: 0.9, seed }))).kept
    expect(await kept(1)).toEqual(await kept(1))
    expect(await kept(1)).not.toEqual(await kept(2))
    expect(await kept(1)).not.toEqual(await kept(1 + 2 ** 32))
  })

  test('orders by score alone with quality 1, and needs no score with 0', async ({ gpu }) => {
    // The best lie beyond what exact greedy reads at first, 3 · 64 rows.
    const rows = clusters(260, 3, noise).map(row => ({ ...row, score: row.index }))
    const byScore = [...rows].sort((a, b) => b.score - a.score || a.index - b.index).map(({ index }) => index)
    const best = await select(poolOf(gpu, rows), facilityLocation({ budget: 9, quality: 1, epsilon: 0 }))
    expect(best.kept).toEqual(byScore.slice(0, 9))
    const unscored = rows.map(row => ({ ...row, score: NaN }))
    const { kept } = await select(poolOf(gpu, unscored), facilityLocation({ budget: Infinity }))
    expect(kept.length).toBe(keptWithin(rows, { rows: 260 }, 260))
  })

  test('creates nothing from the second pick on, stops when told, explains what it cannot take', async ({
    gpu,
  }) => {
    const counted: object[] = []
    const controller = new AbortController()
    const work = select(poolOf(gpu, clusters(150, 5, noise)), facilityLocation({ budget: 50, epsilon: 0 }), {
      signal: controller.signal,
      onProgress({ kept }) {
        const { buffers, bindGroups, pipelines } = gpu.counters
        if (kept > 0) counted.push({ buffers, bindGroups, pipelines })
        if (kept === 12) controller.abort(new Error('enough'))
      },
    })
    await expect(work).rejects.toThrow('enough')
    expect(counted.length).toBe(12)
    expect(counted.at(-1)).toEqual(counted[0])
    expect(() => facilityLocation({ budget: 1, quality: -0.1 })).toThrow(/quality is -0.1/)
    expect(() => facilityLocation({ budget: 1, epsilon: 1 })).toThrow(/epsilon is 1/)
    expect(() => facilityLocation({ budget: 1, epsilon: NaN })).toThrow(/epsilon is NaN/)
    expect(() => facilityLocation({ budget: 1, seed: -1 })).toThrow(/facility-location: seed is -1/)
    expect(() => facilityLocation({ budget: -1 })).toThrow(/facility-location: budget is -1/)
  })
})
