import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { kCenter } from '../../src/selection/k-center'
import { select } from '../../src/selection/selector'
import { test } from '../gpu'
import { noise } from '../numbers'
import { rounded } from '../reference/fixed-point-rows'
import * as reference from '../reference/k-center'
import { asBudget } from './items'
import { poolOf } from './pools'
import { banks, check, clusters, vectorPools } from './vector-pools'

describe('kCenter', () => {
  test('keeps what the plain loop keeps', async ({ gpu }) => {
    const cases = fc.record({ pool: vectorPools(), bank: banks, begin: fc.option(fc.nat(), { freq: 2 }) })
    await fc.assert(
      fc.asyncProperty(cases, async ({ pool: { rows, wish }, bank, begin }) => {
        const valid = rows.filter(({ vector }) => rounded(vector))
        const first = begin === null ? undefined : valid[begin % valid.length]?.index
        const options = { budget: asBudget(wish), ...bank, ...(first === undefined ? {} : { first }) }
        await check(gpu, rows, kCenter(options), reference.kCenter(rows, wish, first ?? null))
      }),
      { numRuns: 250, seed: 1 },
    )
  })

  test.for([{ blockSize: 512 }, { blockSize: 33, shardRows: 64 }, { blockSize: 64, shardRows: 130 }])(
    'keeps the same of 300 rows with %o',
    async (bank, { gpu }) => {
      const rows = clusters(300, 12, noise)
      for (const wish of [{ rows: 90 }, { tokens: 400 }, { rows: Infinity }]) {
        await check(
          gpu,
          rows,
          kCenter({ budget: asBudget(wish), ...bank }),
          reference.kCenter(rows, wish, null),
        )
      }
    },
  )

  test('takes distinct rows before duplicates, and these in the order of the file', async ({ gpu }) => {
    const vectors = [
      [1, 0],
      [2, 0],
      [0, 1],
      [0, 3],
      [-1, 0],
    ]
    const rows = vectors.map((vector, i) => ({ index: 10 - i, score: i === 2 ? 5 : 1, vector }))
    const { kept, outcomes } = await select(poolOf(gpu, rows), kCenter({ budget: Infinity }))
    // Index 6 and 10 are equally far from index 8; after those three the duplicates have no distance.
    expect(kept).toEqual([8, 6, 9, 7, 10])
    const values = kept.map(index => outcomes.find(o => o.index === index)!.value)
    expect(values).toEqual([null, Math.SQRT2, Math.SQRT2, 0, 0])
  })

  test('begins where it is told to, or says why it cannot', async ({ gpu }) => {
    const rows = [
      [1, 0],
      [0, 0],
      [0, 1],
    ].map((vector, index) => ({ index, score: NaN, vector }))
    const pool = poolOf(gpu, rows)
    expect((await select(pool, kCenter({ budget: 1 }))).kept).toEqual([0])
    expect((await select(pool, kCenter({ budget: 1, first: 2 }))).kept).toEqual([2])
    await expect(select(pool, kCenter({ budget: 1, first: 1 }))).rejects.toThrow(
      'k-center: the row to begin with, index 1, cannot be taken: its embedding is zero',
    )
    await expect(select(pool, kCenter({ budget: 1, first: 3 }))).rejects.toThrow(/it is not in the pool/)
  })

  test('reports progress and stops when it is told to', async ({ gpu }) => {
    const rows = clusters(200, 4, noise)
    const controller = new AbortController()
    const seen: number[] = []
    const work = select(poolOf(gpu, rows), kCenter({ budget: 200, blockSize: 100 }), {
      signal: controller.signal,
      onProgress({ decided, total, kept }) {
        expect([total, decided]).toEqual([200, kept])
        seen.push(kept)
        if (kept > 100) controller.abort(new Error('enough'))
      },
    })
    await expect(work).rejects.toThrow('enough')
    expect(seen).toEqual([0, 0, 65, 129])
  })

  test('looks at no vector where nothing is wanted, and explains what it cannot take', async ({ gpu }) => {
    const pool = poolOf(gpu, clusters(5, 3, noise))
    expect((await select(pool, kCenter({ budget: 0 }))).kept).toEqual([])
    expect(pool.vectors.asked).toEqual([])
    expect(() => kCenter({ budget: -1 })).toThrow(/k-center: budget is -1/)
    expect(() => kCenter({ budget: 1, blockSize: 0 })).toThrow(/k-center: blockSize is 0/)
    expect(() => kCenter({ budget: 1, shardRows: NaN })).toThrow(/k-center: shardRows is NaN/)
    await expect(select({ items: pool.items }, kCenter({ budget: 1 }))).rejects.toThrow(/no vectors/)
    const wrong = { ...pool, vectors: { ...pool.vectors, take: async () => gpu.zeros([5, 4]) } }
    await expect(select(wrong, kCenter({ budget: 1 }))).rejects.toThrow(
      /\[5, 4\] for 5 rows, expected \[5, 3\]/,
    )
  })
})
