import { describe, expect } from 'vitest'
import { COVERED, FacilityGains } from '../../src/similarity/facility-gain'
import { FixedPointRows } from '../../src/similarity/fixed-point-rows'
import { test } from '../gpu'
import { noise } from '../numbers'
import { rounded, similarity } from '../reference/fixed-point-rows'

const rowsOf = (values: Float32Array, E: number) =>
  Array.from({ length: values.length / E }, (_, i) => rounded(values.subarray(i * E, (i + 1) * E))!)

/** How well one row stands for another, from 0 to 500000. */
const stands = (a: readonly number[], b: readonly number[]) =>
  Math.max(0, Math.floor(similarity(a, b) / 4096))

describe('facility-gain', () => {
  test.for([
    { N: 1, E: 3, shardRows: 64, batch: 1 },
    { N: 65, E: 1, shardRows: 64, batch: 8 },
    { N: 200, E: 7, shardRows: 64, batch: 5 },
    { N: 130, E: 16, shardRows: 1000, batch: 20 },
    { N: 40, E: 123, shardRows: 64, batch: 64 },
  ])('adds up what the definition adds up at %o', async ({ N, E, shardRows, batch }, { gpu }) => {
    const values = noise(N * E, 1)
    using bank = new FixedPointRows(gpu, { dimensions: E, capacity: N, shardRows })
    bank.append(values)
    const rows = rowsOf(values, E)
    using gains = new FacilityGains(bank, batch)
    expect(gains.batch).toBe(Math.ceil(batch / 8) * 8)
    const covered = rows.map(() => 0)
    for (let step = 0; step < 4; step++) {
      const asked = Array.from(
        { length: Math.min(gains.batch, N) - (step % 2 && N > 1 ? 1 : 0) },
        (_, m) => (m * 7 + step) % N,
      )
      const want = asked.map(j =>
        rows.reduce((sum, row, i) => sum + Math.max(0, stands(row, rows[j]!) - covered[i]!), 0),
      )
      expect([...(await gains.gains(asked))]).toEqual(want)
      const added = asked[step % asked.length]!
      gains.add(added)
      rows.forEach((row, i) => {
        covered[i] = Math.max(covered[i]!, stands(row, rows[added]!))
      })
    }
  })

  // 128 tiles of rows that are all covered fully come nearest to 32 bits.
  test('does not overflow', async ({ gpu }) => {
    const N = 128 * 64 * 2 + 1
    using bank = new FixedPointRows(gpu, { dimensions: 1, capacity: N })
    bank.append(new Float32Array(N).fill(-3))
    using gains = new FacilityGains(bank, 1, 1)
    expect([...(await gains.gains([5]))]).toEqual([N * COVERED])
    gains.add(N - 1)
    expect([...(await gains.gains([5]))]).toEqual([0])
  })

  test('creates nothing from the second step on', async ({ gpu }) => {
    using bank = new FixedPointRows(gpu, { dimensions: 9, capacity: 200, shardRows: 64 })
    bank.append(noise(200 * 9, 2))
    using gains = new FacilityGains(bank, 16)
    const step = async (i: number) => {
      await Promise.all([gains.gains([i, 20 + i]), gains.gains([40 + i]), gains.gains([60 + i])])
      gains.add(i)
    }
    await step(0)
    const { buffers, bindGroups, pipelines } = gpu.counters
    for (let i = 1; i < 9; i++) await step(i)
    expect(gpu.counters).toMatchObject({ buffers, bindGroups, pipelines })
  })
})
