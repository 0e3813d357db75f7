import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import { similarityBand } from '../../src/similarity/cosine'
import { cosineThreshold, cosineThresholdBlock, NONE } from '../../src/similarity/cosine-threshold'
import { normalizeRows, paddedWidth } from '../../src/similarity/normalize-rows'
import { test } from '../gpu'
import { noise } from '../numbers'
import { cosine, first, nearest } from '../reference/cosine-threshold'

const split = (values: Float32Array, E: number) =>
  Array.from({ length: values.length / E }, (_, i) => values.subarray(i * E, (i + 1) * E))

function unit(gpu: Gpu, values: Float32Array, E: number) {
  using x = gpu.tensor([values.length / E, E], values)
  using flags = gpu.empty([values.length / E], 'u32')
  const y = gpu.empty([values.length / E, paddedWidth(E)])
  normalizeRows(gpu, x, y, flags)
  return y
}

/** A number that no similarity is near to, with about a fraction `above` of them above it. */
function gap(similarities: readonly number[], above: number): number {
  const sorted = similarities.toSorted((a, b) => b - a)
  for (let i = Math.floor(sorted.length * above); i + 1 < sorted.length; i++) {
    if (sorted[i]! - sorted[i + 1]! > 1e-5) return (sorted[i]! + sorted[i + 1]!) / 2
  }
  return 2
}

describe('cosine-threshold', () => {
  // K as shards of the given sizes; past a strip, past a workgroup of strips, and single rows.
  test.for([
    { E: 1, B: 1, shards: [1] },
    { E: 6, B: 37, shards: [3, 0, 70, 1] },
    { E: 16, B: 130, shards: [129] },
    { E: 4, B: 3, shards: [600] },
    { E: 123, B: 6, shards: [65, 65] },
  ])('finds the first above and the nearest at %o', async ({ E, B, shards }, { gpu }) => {
    const K = shards.reduce((a, b) => a + b, 0)
    const values = noise(K * E, 1)
    const [bank, block] = [split(values, E), split(noise(B * E, 2), E)]
    // Rows equal to an earlier one of the same strip, and of another, are nearest to nobody.
    bank.forEach((row, k) => {
      if (k % 5 === 4) row.set(bank[k - 2 * (k % 2) - 1]!)
    })
    using x = unit(gpu, noise(B * E, 2), E)
    using matches = gpu.empty([B, 3], 'u32')
    const tensors = shards.map((count, i) => {
      const before = shards.slice(0, i).reduce((a, b) => a + b, 0)
      // One row more than the shard holds: what lies behind `count` must not be found.
      return { rows: unit(gpu, values.slice(before * E, (before + count + 1) * E), E), count }
    })
    for (const above of [0, 0.02, 0.5]) {
      const lower = gap(
        block.flatMap(a => bank.map(b => cosine(a, b))),
        above,
      )
      cosineThreshold(gpu, x, tensors, matches, lower)
      const got = await gpu.readU32(matches)
      const similarities = new Float32Array(got.buffer)
      block.forEach((row, i) => {
        const want = nearest(row, bank)!
        expect(got[i * 3]).toBe(first(row, bank, lower)?.row ?? NONE)
        expect(Math.abs(similarities[i * 3 + 1]! - want.similarity)).toBeLessThan(similarityBand(E + 3))
        const found = got[i * 3 + 2]!
        if (found !== want.row) {
          expect(want.similarity - cosine(row, bank[found]!)).toBeGreaterThan(0)
          expect(want.similarity - cosine(row, bank[found]!)).toBeLessThan(2 * similarityBand(E + 3))
        }
      })
    }
    for (const { rows } of tensors) rows[Symbol.dispose]()
  })

  test.for([
    { E: 1, B: 1 },
    { E: 7, B: 33 },
    { E: 12, B: 100 },
  ])('marks the earlier rows of a block at %o', async ({ E, B }, { gpu }) => {
    const values = noise(B * E, 3)
    const block = split(values, E)
    using x = unit(gpu, values, E)
    const words = Math.ceil(B / 32)
    using mask = gpu.empty([B, words], 'u32')
    const lower = gap(
      block.flatMap((a, i) => block.slice(0, i).map(b => cosine(a, b))),
      0.4,
    )
    cosineThresholdBlock(gpu, x, mask, lower)
    const want = new Uint32Array(B * words)
    block.forEach((a, i) => {
      block.slice(0, i).forEach((b, j) => {
        if (cosine(a, b) > lower) want[i * words + (j >> 5)]! |= 1 << (j & 31)
      })
    })
    expect([...(await gpu.readU32(mask))]).toEqual([...want])
  })
})
