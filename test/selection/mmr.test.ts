import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { mmr } from '../../src/selection/mmr'
import { select } from '../../src/selection/selector'
import { test } from '../gpu'
import { noise } from '../numbers'
import * as reference from '../reference/mmr'
import { cosine } from '../reference/similarity'
import { asBudget } from './items'
import { poolOf } from './pools'
import { banks, check, clusters, vectorPools } from './vector-pools'

const lambdas = fc.oneof(
  fc.constantFrom(0, 1, 0.5, 1e-9, 1 - 1e-12),
  fc.double({ min: 0, max: 1, noNaN: true }),
)

describe('mmr', () => {
  test('keeps what the plain loop keeps', async ({ gpu }) => {
    const cases = fc.record({ pool: vectorPools(), bank: banks, lambda: lambdas })
    await fc.assert(
      fc.asyncProperty(cases, async ({ pool: { rows, wish }, bank, lambda }) => {
        const selector = mmr({ budget: asBudget(wish), lambda, ...bank })
        await check(gpu, rows, selector, reference.mmr(rows, wish, lambda))
      }),
      { numRuns: 250, seed: 1 },
    )
  })

  test.for([{ blockSize: 512 }, { blockSize: 33, shardRows: 64 }])(
    'keeps the same of 200 rows with %o',
    async (bank, { gpu }) => {
      const rows = clusters(200, 12, noise)
      for (const lambda of [0.2, 0.9]) {
        for (const wish of [{ rows: 80 }, { tokens: 300 }]) {
          const selector = mmr({ budget: asBudget(wish), lambda, ...bank })
          await check(gpu, rows, selector, reference.mmr(rows, wish, lambda))
        }
      }
    },
  )

  // The formula in floating point, with cosines of the vectors as given.
  test('is the formula as far as rounding lets it', async ({ gpu }) => {
    const rows = clusters(120, 24, noise)
    for (const lambda of [0, 0.3, 0.7]) {
      const { kept } = await select(poolOf(gpu, rows), mmr({ budget: 60, lambda }))
      kept.forEach((index, rank) => {
        const value = (i: number) => {
          const cosines = kept.slice(0, rank).map(k => cosine(rows[i]!.vector, rows[k]!.vector))
          return (lambda * rows[i]!.score) / 10 - (1 - lambda) * (rank > 0 ? Math.max(...cosines) : 0)
        }
        const left = rows.filter(row => !kept.slice(0, rank).includes(row.index))
        const best = Math.max(...left.map(row => value(row.index)))
        // A cosine is good to 1e-4 here, see FixedPointRows, and two are compared.
        expect(value(index)).toBeGreaterThan(best - 2e-4)
      })
    }
  })

  test('orders by score alone with 1, and begins with the best score', async ({ gpu }) => {
    const rows = clusters(40, 3, noise)
    const byScore = [...rows].sort((a, b) => b.score - a.score || a.index - b.index).map(({ index }) => index)
    const all = await select(poolOf(gpu, rows), mmr({ budget: Infinity, lambda: 1 }))
    expect(all.kept).toEqual(byScore)
    const { kept } = await select(poolOf(gpu, rows), mmr({ budget: 1, lambda: 0.01 }))
    expect(kept).toEqual(byScore.slice(0, 1))
  })

  test('explains what it cannot take', async ({ gpu }) => {
    expect(() => mmr({ budget: 1, lambda: 1.1 })).toThrow(/mmr: lambda is 1.1/)
    expect(() => mmr({ budget: 1, lambda: NaN })).toThrow(/mmr: lambda is NaN/)
    expect(() => mmr({ budget: NaN, lambda: 0 })).toThrow(/mmr: budget is NaN/)
    const { items } = poolOf(gpu, clusters(5, 3, noise))
    await expect(select({ items }, mmr({ budget: 1, lambda: 0 }))).rejects.toThrow(/no vectors/)
    const controller = new AbortController()
    const work = select(poolOf(gpu, clusters(99, 3, noise)), mmr({ budget: 99, lambda: 0.5 }), {
      signal: controller.signal,
      onProgress: ({ kept }) => kept > 0 && controller.abort(new Error('enough')),
    })
    await expect(work).rejects.toThrow('enough')
  })
})
