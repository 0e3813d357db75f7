import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import { firstMatches, NONE, remainingRows } from '../../src/similarity/first-matches'
import type { Metric } from '../../src/similarity/metric'
import { prepareRows, type RowLayout, rowLayout } from '../../src/similarity/prepare-rows'
import { similarityMask } from '../../src/similarity/similarity-mask'
import { test } from '../gpu'
import { noise } from '../numbers'
import { metrics, split, within } from './vectors'

function prepared(gpu: Gpu, layout: RowLayout, values: Float32Array) {
  const N = values.length / layout.dimensions
  using x = gpu.tensor([N, layout.dimensions], values)
  using flags = gpu.empty([N], 'u32')
  const y = gpu.empty([N, layout.words], 'u32')
  prepareRows(gpu, layout, x, y, flags)
  return y
}

/**
 * Asserts that every pair has its bits: both above the threshold, none below, and near it any that do not lie.
 */
function expectBits(
  rows: number,
  cols: number,
  pair: (row: number, col: number) => { maybe: boolean; certain: boolean; away: number },
  near: number,
): void {
  const wrong: string[] = []
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const { maybe, certain, away } = pair(row, col)
      const lies = away > 0 ? !maybe : certain
      const unsure = Math.abs(away) > near && maybe !== certain
      if (lies || unsure) wrong.push(`${row}, ${col}: ${maybe}, ${certain} at ${away}`)
    }
  }
  expect(wrong).toEqual([])
}

/** More than the band around a threshold is wide, for the vectors of these tests. */
const near = (metric: Metric, threshold: number) =>
  metric.directional ? 4e-3 : 1e-4 * Math.max(1, Math.abs(threshold))

const bit = (mask: Uint32Array, words: number, row: number, col: number, which: number) =>
  ((mask[(row * words + (col >> 5)) * 2 + which]! >>> (col & 31)) & 1) === 1

describe('similarity-mask', () => {
  test.for(
    [
      { E: 1, B: 1, K: 1 },
      { E: 6, B: 37, K: 74 },
      { E: 123, B: 7, K: 131 },
      { E: 300, B: 5, K: 259 },
    ].flatMap(size => metrics.map(([metric, similarity]) => ({ ...size, metric, similarity }))),
  )(
    'marks what may be and what is above a threshold: $metric.name at $B × $K × $E',
    async ({ E, B, K, metric, similarity }, { gpu }) => {
      const layout = rowLayout(E, metric, 'f32')
      const [xs, ys] = [noise(B * E, 1), noise(K * E, 2)]
      const [as, bs] = [split(xs, E), split(ys, E)]
      // Rows like an earlier one, so that some pairs need all their dimensions.
      for (let k = 3; k < K; k += 5) ys.set(xs.subarray(0, E), k * E)
      using x = prepared(gpu, layout, xs)
      using y = prepared(gpu, layout, ys)
      // Every third row is left out; what the mask had before stays behind those that are there.
      const listed = Array.from({ length: B }, (_, i) => i).filter(i => i % 3 !== 2)
      using rows = gpu.tensor(
        [B],
        Uint32Array.from({ length: B }, (_, i) => listed[i] ?? NONE),
      )
      const sorted = as.flatMap(a => bs.map(b => similarity(a, b))).sort((a, b) => b - a)
      for (const [base, count] of [[0, K] as const, [Math.floor(K / 3), Math.ceil(K / 4)] as const]) {
        const words = Math.ceil(count / 32)
        using mask = gpu.tensor([B, words, 2], new Uint32Array(B * words * 2).fill(0xabcd))
        for (const fraction of [0.01, 0.3]) {
          const threshold = within(metric, sorted[Math.floor(sorted.length * fraction)]! - 0.01)
          const { lower, upper } = metric.limits(threshold, layout.width)
          using limits = gpu.tensor([B], new Float32Array(B).fill(lower))
          similarityMask(gpu, layout, x, rows, { rows: y, base, count }, limits, mask, { upper })
          const got = await gpu.readU32(mask)
          const bits = (place: number, k: number) => {
            const away = k < count ? similarity(as[listed[place]!]!, bs[base + k]!) - threshold : -1
            return { maybe: bit(got, words, place, k, 0), certain: bit(got, words, place, k, 1), away }
          }
          expectBits(listed.length, words * 32, bits, near(metric, threshold))
          expect(got.subarray(listed.length * words * 2).every(word => word === 0xabcd)).toBe(true)
        }
      }
    },
  )

  test.for(
    [
      { E: 1, B: 1 },
      { E: 7, B: 33 },
      { E: 12, B: 100 },
    ].flatMap(size => metrics.map(([metric, similarity]) => ({ ...size, metric, similarity }))),
  )(
    'marks the earlier rows of a block: $metric.name at $B × $E',
    async ({ E, B, metric, similarity }, { gpu }) => {
      const layout = rowLayout(E, metric, 'f32')
      const values = noise(B * E, 3)
      const block = split(values, E)
      using x = prepared(gpu, layout, values)
      using rows = gpu.tensor(
        [B],
        Uint32Array.from({ length: B }, (_, i) => i),
      )
      const words = Math.ceil(B / 32)
      using mask = gpu.empty([B, words, 2], 'u32')
      const threshold = within(metric, similarity(block[0]!, block[B - 1]!) - 0.3)
      const whole = { rows: x, base: 0, count: B }
      const { lower, upper } = metric.limits(threshold, layout.width)
      using limits = gpu.tensor([B], new Float32Array(B).fill(lower))
      similarityMask(gpu, layout, x, rows, whole, limits, mask, { upper, within: 0 })
      const got = await gpu.readU32(mask)
      const bits = (i: number, k: number) => {
        const away = k < i ? similarity(block[i]!, block[k]!) - threshold : -1
        return { maybe: bit(got, words, i, k, 0), certain: bit(got, words, i, k, 1), away }
      }
      expectBits(B, words * 32, bits, near(metric, threshold))
    },
  )
})

describe('first-matches', () => {
  test('remembers the first, counts all, and ends at a certain one', async ({ gpu }) => {
    // Rows 0 and 2 take part, with two words each. Bits of the second array are certain.
    using rows = gpu.tensor([3], Uint32Array.of(2, 0, NONE))
    using mask = gpu.tensor(
      [3, 2, 2],
      Uint32Array.of(0b1010, 0, 1 << 31, 0, 0b100, 0b100, 0b1, 0, 9, 9, 9, 9),
    )
    using found = gpu.tensor([3, 3], Uint32Array.of(0, 7, 7, 5, 5, 5, 1, 40, 0))
    using gone = gpu.tensor([3], Uint32Array.of(0, 3, 0))
    firstMatches(gpu, rows, mask, found, gone, 100)
    expect([...(await gpu.readU32(found))]).toEqual([1, 102, 7, 5, 5, 5, 4, 40, 101])
    expect([...(await gpu.readU32(gone))]).toEqual([1, 3, 0])
  })

  test.for([1, 2, 63, 64, 65, 200])('lists what remains of %d rows', async (B, { gpu }) => {
    for (const modulus of [1, 3, 7, 1000]) {
      const gone = Uint32Array.from({ length: B }, (_, i) => (i % modulus === 0 ? 2 : 0))
      using tensor = gpu.tensor([B], gone)
      using rows = gpu.empty([B], 'u32')
      remainingRows(gpu, tensor, rows)
      const left = Array.from({ length: B }, (_, i) => i).filter(i => gone[i] === 0)
      const nothing = Array<number>(B - left.length).fill(NONE)
      expect([...(await gpu.readU32(rows))]).toEqual([...left, ...nothing])
    }
  })
})
