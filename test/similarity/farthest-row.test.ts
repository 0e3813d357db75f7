import { describe, expect } from 'vitest'
import { FarthestRows, type PickedRow } from '../../src/similarity/farthest-row'
import { FixedPointRows } from '../../src/similarity/fixed-point-rows'
import { test } from '../gpu'
import { noise } from '../numbers'
import { rounded, squaredDistance } from '../reference/fixed-point-rows'

interface Case {
  readonly first: number
  readonly weight?: number
  readonly bonus?: Uint32Array
}

/** By the definition, in whole numbers of any size. */
function farthest(rows: readonly number[][], { first, weight = 1, bonus }: Case): PickedRow[] {
  const factor = BigInt(Math.round(weight * 2 ** 32))
  const picked = [first]
  const picks: PickedRow[] = []
  while (picked.length < rows.length) {
    let best: (PickedRow & { readonly key: bigint }) | null = null
    for (let row = 0; row < rows.length; row++) {
      if (picked.includes(row)) continue
      const squared = Math.min(...picked.map(other => squaredDistance(rows[row]!, rows[other]!)))
      const key = BigInt(bonus?.[row] ?? 0) + ((BigInt(squared) * factor) >> 32n)
      if (!best || key > best.key) best = { row, squared, key }
    }
    picked.push(best!.row)
    picks.push({ row: best!.row, squared: best!.squared })
  }
  return picks
}

const rowsOf = (values: Float32Array, E: number) =>
  Array.from({ length: values.length / E }, (_, i) => rounded(values.subarray(i * E, (i + 1) * E))!)

describe('farthest-row', () => {
  // One row, odd widths, past a tile and a shard; equal rows and rows of few directions.
  test.for([
    { N: 1, E: 3, shardRows: 64, kind: 'any' },
    { N: 2, E: 1, shardRows: 64, kind: 'any' },
    { N: 70, E: 5, shardRows: 64, kind: 'few' },
    { N: 129, E: 16, shardRows: 64, kind: 'any' },
    { N: 200, E: 2, shardRows: 1000, kind: 'few' },
    { N: 66, E: 123, shardRows: 64, kind: 'any' },
  ])('picks what the definition picks at %o', async ({ N, E, shardRows, kind }, { gpu }) => {
    const values = noise(N * E, 1).map(v => (kind === 'few' ? Math.round(2 * v) || 0.5 : v))
    using bank = new FixedPointRows(gpu, { dimensions: E, capacity: N, shardRows })
    bank.append(values)
    const rows = rowsOf(values, E)
    const bonus = Uint32Array.from(noise(N, 2), v => Math.round((v + 1) * 5e8))
    for (const options of [
      { first: 0 },
      { first: N - 1, weight: 0.3, bonus },
      { first: N >> 1, weight: 0, bonus },
      { first: 0, weight: 1 - 2 ** -32 },
    ]) {
      using greedy = new FarthestRows(bank, options)
      const got: PickedRow[] = []
      for (let found = await greedy.next(7); found.length > 0; found = await greedy.next(1000)) {
        got.push(...found)
      }
      expect(got).toEqual(farthest(rows, options))
    }
  })

  test('compares products beyond 32 bits', async ({ gpu }) => {
    // Opposite rows have the largest squared distance there is, 4 · 32000².
    const values = Float32Array.of(1, 0, -1, 0, -1, 1e-3, 0, 1)
    using bank = new FixedPointRows(gpu, { dimensions: 2, capacity: 4 })
    bank.append(values)
    for (const weight of [1, 0.999999, 0.5, 1e-6, 1e-9, 0]) {
      using greedy = new FarthestRows(bank, { first: 0, weight })
      expect(await greedy.next(3)).toEqual(farthest(rowsOf(values, 2), { first: 0, weight }))
    }
  })

  // What is added makes all sums equal, so the first row is next; a product that is off by one shows.
  test('rounds products down', async ({ gpu }) => {
    const values = noise(60 * 3, 5)
    using bank = new FixedPointRows(gpu, { dimensions: 3, capacity: 60 })
    bank.append(values)
    const rows = rowsOf(values, 3)
    for (const weight of noise(12, 6).map(v => Math.abs(v))) {
      const factor = BigInt(Math.round(weight * 2 ** 32))
      const products = rows.map(row => Number((BigInt(squaredDistance(row, rows[0]!)) * factor) >> 32n))
      const bonus = Uint32Array.from(products, product => 2 ** 32 - 1 - product)
      using greedy = new FarthestRows(bank, { first: 0, weight, bonus })
      expect((await greedy.next(1))[0]!.row).toBe(1)
    }
  })

  test('creates nothing from the second pick on, and reads late', async ({ gpu }) => {
    using bank = new FixedPointRows(gpu, { dimensions: 12, capacity: 300, shardRows: 64 })
    bank.append(noise(300 * 12, 4))
    using greedy = new FarthestRows(bank, { first: 3 })
    await greedy.next(1)
    const { buffers, bindGroups, pipelines, submits } = gpu.counters
    let picked = 0
    while (picked < 150) picked += (await greedy.next(150 - picked)).length
    expect(gpu.counters).toMatchObject({ buffers, bindGroups, pipelines })
    // 63 more fill the ring, then 64, then 23: one submit each.
    expect(gpu.counters.submits).toBe(submits + 3)
  })
})
