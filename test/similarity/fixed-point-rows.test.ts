import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import { FixedPointRows, NO_ROW, ONE, offsetOf, roundRow } from '../../src/similarity/fixed-point-rows'
import { RowFlag } from '../../src/similarity/prepare-rows'
import { test } from '../gpu'
import { noise } from '../numbers'
import * as reference from '../reference/fixed-point-rows'
import { cosine } from '../reference/similarity'

const split = (values: Float32Array, E: number) =>
  Array.from({ length: values.length / E }, (_, i) => values.subarray(i * E, (i + 1) * E))

/** Rows of the bank as `gather` gives them, with their offsets. */
async function gathered(gpu: Gpu, bank: FixedPointRows, rows: readonly number[], side: 1 | 4) {
  const V = 2 * Math.ceil(bank.dimensions / 2)
  using list = gpu.tensor([rows.length], Uint32Array.from(rows))
  using out = gpu.tensor([rows.length, V], new Int32Array(rows.length * V))
  using own = gpu.tensor([rows.length], new Int32Array(rows.length))
  bank.gather(list, out, own, side)
  const flat = new Int32Array((await gpu.readU32(out)).buffer)
  const offsets = new Int32Array((await gpu.readU32(own)).buffer)
  const components = rows.map((_, m) =>
    Array.from({ length: V }, (_, e) => flat[(Math.floor(m / side) * V + e) * side + (m % side)]!),
  )
  return { components, offsets: [...offsets] }
}

describe('roundRow', () => {
  test('scales to 32000 and rounds halves upwards', () => {
    const into = new Int16Array(3)
    expect(roundRow(Float32Array.of(3, 0, -4), into)).toBe(RowFlag.usable)
    expect([...into]).toEqual([19200, 0, -25600])
    // 32000 · (1, 1) / √2 is 22627.417; of a single value nothing is lost.
    roundRow(Float32Array.of(-1, 1, 0), into)
    expect([...into]).toEqual([-22627, 22627, 0])
    // The second and third are just below 1/2 and 1.
    roundRow(Float32Array.of(64000, 1, 2), into)
    expect([...into]).toEqual([32000, 0, 1])
    expect(roundRow(Float32Array.of(3e38, 3e38, -3e38), into)).toBe(RowFlag.usable)
    expect([...into]).toEqual([18475, 18475, -18475])
  })

  test('flags what has no direction, and leaves the rest alone', () => {
    const into = Int16Array.of(7)
    for (const zero of [0, -0, 1e-40, -(2 ** -101)]) {
      expect(roundRow(Float32Array.of(zero), into)).toBe(RowFlag.zero)
    }
    for (const special of [NaN, Infinity, -Infinity]) {
      expect(roundRow(Float32Array.of(special), into)).toBe(RowFlag.notFinite)
    }
    expect([...into]).toEqual([7])
    expect(roundRow(Float32Array.of(2 ** -100), into)).toBe(RowFlag.usable)
  })

  test('keeps similarities as near to cosines as it says', () => {
    for (const E of [2, 123, 384, 4096]) {
      const x = noise(E, 1)
      for (const away of [0, 1e-3, 0.1, 1, 3]) {
        const y = noise(E, 2, away).map((v, e) => v + x[e]!)
        const [a, b] = [new Int16Array(E), new Int16Array(E)]
        roundRow(x, a)
        roundRow(y, b)
        const dot = a.reduce((sum, v, e) => sum + v * b[e]!, 0)
        const got = (offsetOf(a) + offsetOf(b) + 2 * dot) / ONE
        const want = cosine(x, y)
        const d = Math.sqrt(Math.max(0, 2 - 2 * want))
        if (away === 0) expect(got).toBe(1)
        expect(Math.abs(got - want)).toBeLessThanOrEqual((d * Math.sqrt(E)) / 32000 + E / (2 * 32000 ** 2))
        // Five times what is likely.
        expect(Math.abs(got - want)).toBeLessThanOrEqual((5 * d) / 80_000 + (2 * E) / (12 * 32000 ** 2))
      }
    }
  })
})

describe('fixed-point-rows', () => {
  // One value, odd widths, past a tile, one row in the last shard; rows come in blocks of any size.
  test.for([
    { E: 1, blocks: [1], shardRows: 64 },
    { E: 7, blocks: [3, 64, 5], shardRows: 64 },
    { E: 123, blocks: [130, 63], shardRows: 65 },
    { E: 6, blocks: [64, 64, 1], shardRows: 64 },
    { E: 384, blocks: [70, 0, 20], shardRows: 1000 },
  ])('holds and gathers rows at %o', async ({ E, blocks, shardRows }, { gpu }) => {
    const N = blocks.reduce((a, b) => a + b)
    const values = noise(N * E, 3)
    // A row in seven has no direction, and takes no place.
    for (let i = 3; i < N; i += 7) values.fill(i % 2 ? 0 : NaN, i * E, (i + 1) * E)
    using bank = new FixedPointRows(gpu, { dimensions: E, capacity: N, shardRows })
    let begin = 0
    for (const count of blocks) {
      const flags = bank.append(values.subarray(begin * E, (begin + count) * E))
      expect([...flags]).toEqual(
        split(values.subarray(begin * E, (begin + count) * E), E).map(x =>
          reference.rounded(x) ? RowFlag.usable : Number.isNaN(x[0]) ? RowFlag.notFinite : RowFlag.zero,
        ),
      )
      begin += count
    }
    const want = split(values, E)
      .map(reference.rounded)
      .filter(row => row !== null)
    expect(bank.size).toBe(want.length)
    expect(bank.shards.reduce((sum, { count }) => sum + count, 0)).toBe(want.length)
    for (const { words, count } of bank.shards) {
      expect(count).toBeLessThanOrEqual(Math.ceil(shardRows / 64) * 64)
      expect(words.shape[0]! * 64).toBeLessThanOrEqual(Math.ceil(N / 64) * 64)
    }
    const list = [want.length - 1, 0, NO_ROW, Math.floor(want.length / 2)]
    for (const side of [1, 4] as const) {
      const got = await gathered(gpu, bank, list, side)
      list.forEach((row, m) => {
        const expected = want[row] ?? Array(E).fill(0)
        expect(got.components[m]!.slice(0, E)).toEqual(expected.map(v => v + 0))
        expect(got.components[m]!.slice(E)).toEqual(E % 2 ? [0] : [])
        const square = expected.reduce((sum, v) => sum + v * v, 0)
        expect(got.offsets[m]).toBe(want[row] ? ONE / 2 - square : 0)
      })
    }
  })

  test('can be filled again', async ({ gpu }) => {
    using bank = new FixedPointRows(gpu, { dimensions: 5, capacity: 130, shardRows: 64 })
    bank.append(noise(130 * 5, 1))
    bank.clear()
    expect([bank.size, bank.shards]).toEqual([0, []])
    const values = noise(3 * 5, 2)
    const { buffers } = gpu.counters
    bank.append(values)
    const got = await gathered(gpu, bank, [0, 1, 2, 3], 4)
    expect(got.components.slice(0, 3).map(row => row.slice(0, 5))).toEqual(
      split(values, 5).map(reference.rounded),
    )
    // Row 3 is one of before: it is not there any more.
    expect(got.components[3]).toEqual([0, 0, 0, 0, 0, 0])
    expect(gpu.counters.buffers).toBeLessThanOrEqual(buffers + 6)
  })

  test('explains what it cannot take', ({ gpu }) => {
    expect(() => new FixedPointRows(gpu, { dimensions: 0, capacity: 1 })).toThrow(/dimensions is 0/)
    expect(() => new FixedPointRows(gpu, { dimensions: 2 ** 18 + 1, capacity: 1 })).toThrow(/dimensions/)
    expect(() => new FixedPointRows(gpu, { dimensions: 1, capacity: 1, shardRows: 0 })).toThrow(
      /shardRows is 0/,
    )
    using bank = new FixedPointRows(gpu, { dimensions: 1, capacity: 2 })
    expect(() => bank.append(Float32Array.of(1, 0, 2, 3))).toThrow(/room for 2 rows/)
  })
})
