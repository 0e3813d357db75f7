import fc from 'fast-check'
import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import { similarityBand } from '../../src/similarity/cosine'
import { RowFlag } from '../../src/similarity/normalize-rows'
import { SimilarityBank } from '../../src/similarity/similarity-bank'
import { test } from '../gpu'
import { noise } from '../numbers'
import { cosine, first, nearest } from '../reference/cosine-threshold'

const split = (values: Float32Array, E: number) =>
  Array.from({ length: values.length / E }, (_, i) => values.subarray(i * E, (i + 1) * E))

const join = (rows: readonly Float32Array[], E: number) =>
  Float32Array.from({ length: rows.length * E }, (_, i) => rows[Math.floor(i / E)]![i % E]!)

/**
 * Compares `block` with `bank`, and both with the plain loops. Every third row of the block counts for no
 * other.
 */
async function check(
  gpu: Gpu,
  bank: Float32Array[],
  block: Float32Array[],
  threshold: number,
  shardRows: number,
): Promise<void> {
  const E = (bank[0] ?? block[0])!.length
  using similarities = new SimilarityBank(gpu, { dimensions: E, threshold, shardRows })
  if (bank.length > 0) {
    using all = gpu.tensor([bank.length, E], join(bank, E))
    using tested = await similarities.test(all)
    const rows = bank.map((_, i) => i)
    const cut = Math.floor(rows.length / 3)
    similarities.append(tested, rows.slice(0, cut))
    similarities.append(tested, rows.slice(cut))
  }
  expect(similarities.size).toBe(bank.length)
  using tensor = gpu.tensor([block.length, E], join(block, E))
  using tested = await similarities.test(tensor)
  const counts = (row: number) => row % 3 !== 2
  block.forEach((x, i) => {
    expect(tested.flags[i]).toBe(RowFlag.unit)
    expect(tested.firstInBank(i), `row ${i} in the bank`).toEqual(first(x, bank, threshold))
    expect(tested.firstInBlock(i, counts), `row ${i} in the block`).toEqual(
      first(x, block.slice(0, i), threshold, counts),
    )
    // Which of several rows is nearest is the GPU's word, good to the band on either side.
    const got = tested.nearestInBank(i)
    const want = nearest(x, bank)
    if (!got || !want) expect(got).toBe(want)
    else {
      expect(got.similarity).toBe(cosine(x, bank[got.row]!))
      expect(got.similarity).toBeGreaterThanOrEqual(want.similarity - 2 * similarityBand(E + 3))
    }
  })
}

describe('similarity-bank', () => {
  // Odd widths, one more than a word of the mask, than a tile, a strip and several shards.
  test.for([
    { E: 1, K: 1, B: 1, shardRows: 1 },
    { E: 5, K: 7, B: 33, shardRows: 3 },
    { E: 123, K: 65, B: 5, shardRows: 4096 },
    { E: 8, K: 300, B: 70, shardRows: 130 },
    { E: 4, K: 0, B: 6, shardRows: 8 },
    { E: 384, K: 40, B: 40, shardRows: 64 },
  ])('finds what a double loop finds at %o', async ({ E, K, B, shardRows }, { gpu }) => {
    const bank = split(noise(K * E, 1), E)
    const block = split(noise(B * E, 2), E)
    const middle = bank[0] ? cosine(bank[0], block[0]!) : 0
    for (const threshold of [-1, -0.2, 0, 0.2, 0.9, 1, middle]) {
      await check(gpu, bank, block, threshold, shardRows)
    }
  })

  test('takes the first of equal rows as the nearest', async ({ gpu }) => {
    const rows = split(noise(6 * 7, 4), 7)
    const bank = [rows[1]!, rows[0]!, rows[2]!, rows[0]!, rows[0]!]
    using similarities = new SimilarityBank(gpu, { dimensions: 7, threshold: 1, shardRows: 2 })
    using all = gpu.tensor([5, 7], join(bank, 7))
    using filled = await similarities.test(all)
    similarities.append(filled, [0, 1, 2, 3, 4])
    using one = gpu.tensor([1, 7], rows[0]!)
    using tested = await similarities.test(one)
    expect(tested.nearestInBank(0)).toEqual({ row: 1, similarity: 1 })
    expect(tested.firstInBank(0)).toBeNull()
  })

  test('decides similarities at and around the threshold in double precision', async ({ gpu }) => {
    const rows = fc.integer({ min: 1, max: 9 }).chain(E =>
      fc.record({
        base: fc.array(fc.integer({ min: -3, max: 3 }), { minLength: E, maxLength: E }),
        nudges: fc.array(fc.array(fc.integer({ min: -4, max: 4 }), { minLength: E, maxLength: E }), {
          minLength: 2,
          maxLength: 12,
        }),
        step: fc.constantFrom(1, 1e-3, 1e-6),
      }),
    )
    const cases = fc.record({
      rows,
      bankSize: fc.nat({ max: 8 }),
      pair: fc.tuple(fc.nat(), fc.nat()),
      away: fc.constantFrom(0, 1e-16, -1e-16, 1e-9, -1e-9, 1e-7, -1e-7, 3e-6, -3e-6),
    })
    await fc.assert(
      fc.asyncProperty(cases, async ({ rows: { base, nudges, step }, bankSize, pair, away }) => {
        const vectors = nudges
          .map(nudge => Float32Array.from(base, (v, e) => v + step * nudge[e]!))
          .filter(v => v.some(x => x !== 0))
        if (vectors.length < 2) return
        const [a, b] = pair.map(i => vectors[i % vectors.length]!) as [Float32Array, Float32Array]
        const threshold = Math.min(1, Math.max(-1, cosine(a, b) + away))
        const cut = Math.min(bankSize, vectors.length - 1)
        await check(gpu, vectors.slice(0, cut), vectors.slice(cut), threshold, 4)
      }),
      { numRuns: 100, seed: 1 },
    )
  })

  test('explains what it cannot take', async ({ gpu }) => {
    expect(() => new SimilarityBank(gpu, { dimensions: 0, threshold: 0 })).toThrow(/dimensions is 0/)
    expect(() => new SimilarityBank(gpu, { dimensions: 3, threshold: 1.5 })).toThrow(/threshold is 1.5/)
    expect(() => new SimilarityBank(gpu, { dimensions: 3, threshold: NaN })).toThrow(/threshold is NaN/)
    using bank = new SimilarityBank(gpu, { dimensions: 3, threshold: 0.5 })
    using wide = gpu.zeros([1, 4])
    await expect(bank.test(wide)).rejects.toThrow(/\[1, 4\], expected \[B, 3\]/)
    using zero = gpu.zeros([1, 3])
    using tested = await bank.test(zero)
    expect(() => bank.append(tested, [0])).toThrow(/row 0 of a block of 1 is zero/)
    expect(() => bank.append(tested, [1])).toThrow(/not there/)
  })

  test('makes no buffer and no pipeline once it has seen a shape', async ({ gpu }) => {
    using bank = new SimilarityBank(gpu, { dimensions: 16, threshold: 0.9 })
    using block = gpu.tensor([40, 16], noise(640, 5))
    const round = async () => {
      using tested = await bank.test(block)
      bank.append(tested, [1, 2])
    }
    await round()
    await round()
    await round()
    const { buffers, pipelines } = gpu.counters
    for (let i = 0; i < 4; i++) await round()
    expect(gpu.counters).toMatchObject({ buffers, pipelines })
  })
})
