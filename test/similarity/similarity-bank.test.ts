import fc from 'fast-check'
import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import { cosine, dot, type Metric, negativeL1 } from '../../src/similarity/metric'
import { RowFlag } from '../../src/similarity/prepare-rows'
import { SimilarityBank } from '../../src/similarity/similarity-bank'
import { test } from '../gpu'
import { noise } from '../numbers'
import { first, type Similarity } from '../reference/similarity'
import { away, closeVectors, join, metrics, split, within } from './vectors'

/**
 * Compares `block` with `bank`, and both with the plain loops. Every third row of the block counts for no
 * other.
 */
async function check(
  gpu: Gpu,
  [metric, similarity]: readonly [Metric, Similarity],
  bank: Float32Array[],
  block: Float32Array[],
  threshold: number,
  shardRows: number,
): Promise<void> {
  const E = (bank[0] ?? block[0])!.length
  using similarities = new SimilarityBank(gpu, { dimensions: E, metric, threshold, shardRows })
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
    expect(tested.flags[i]).toBe(RowFlag.usable)
    const inBank = first(similarity, x, bank, threshold)
    expect(tested.firstInBank(i), `row ${i} in the bank`).toEqual(inBank)
    if (inBank) return
    expect(tested.firstInBlock(i, counts), `row ${i} in the block`).toEqual(
      first(similarity, x, block.slice(0, i), threshold, counts),
    )
  })
}

describe('similarity-bank', () => {
  // Odd widths, one more than a word of the mask, than a tile and several shards.
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
    for (const pair of metrics) {
      const middle = bank[0] ? pair[1](bank[0], block[0]!) : -1
      for (const threshold of [-1, -0.2, 0, 0.2, 0.9, 1, middle]) {
        await check(gpu, pair, bank, block, within(pair[0], threshold), shardRows)
      }
    }
  })

  test('goes through parts of a shard in order', async ({ gpu }) => {
    const bank = split(noise(4200 * 3, 6), 3)
    const block = split(noise(40 * 3, 7), 3)
    for (const threshold of [0.9, 0.999, 0.9999]) {
      await check(gpu, metrics[0], bank, block, threshold, 4096)
    }
  })

  // Only what lies in the band is found, so more than is remembered must be gone through.
  test('finds a match behind many that only seem to be', async ({ gpu }) => {
    const [x, y] = [Float32Array.of(1, 2, 3, 4), Float32Array.of(1, 2, 3, 4.0001)]
    const z = Float32Array.of(1, 2, 3, 4.0002)
    for (const metric of metrics) {
      const threshold = metric[1](x, y)
      for (const before of [1, 6, 7, 8, 9, 30]) {
        const bank = [...Array<Float32Array>(before).fill(z), x]
        await check(gpu, metric, bank, [x, y, z], threshold, 4096)
      }
    }
  })

  for (const pair of metrics) {
    test(`decides similarities at and around the threshold in double precision: ${pair[0].name}`, async ({
      gpu,
    }) => {
      const cases = fc.record({
        vectors: closeVectors,
        bankSize: fc.nat({ max: 8 }),
        pair: fc.tuple(fc.nat(), fc.nat()),
        away,
      })
      await fc.assert(
        fc.asyncProperty(cases, async ({ vectors, bankSize, pair: chosen, away }) => {
          const [a, b] = chosen.map(i => vectors[i % vectors.length]!) as [Float32Array, Float32Array]
          const similarity = pair[1](a, b)
          const threshold = within(pair[0], similarity + away * Math.max(1, Math.abs(similarity)))
          const cut = Math.min(bankSize, vectors.length - 1)
          await check(gpu, pair, vectors.slice(0, cut), vectors.slice(cut), threshold, 4)
        }),
        { numRuns: 60, seed: 1 },
      )
    })
  }

  test('sets zero rows aside for cosines only', async ({ gpu }) => {
    using block = gpu.tensor([3, 2], Float32Array.of(0, 0, 1, 1, 0, 0))
    using directions = new SimilarityBank(gpu, { dimensions: 2, threshold: 0.5 })
    using byDirection = await directions.test(block)
    expect([...byDirection.flags]).toEqual([RowFlag.zero, RowFlag.usable, RowFlag.zero])
    using places = new SimilarityBank(gpu, { dimensions: 2, metric: negativeL1, threshold: -1 })
    using byPlace = await places.test(block)
    expect([...byPlace.flags]).toEqual([0, 0, 0])
    expect(byPlace.firstInBlock(2, () => true)).toEqual({ row: 0, similarity: 0 })
    expect(byPlace.firstInBlock(1, () => true)).toBeNull()
  })

  test('explains what it cannot take', async ({ gpu }) => {
    const make = (threshold: number, metric: Metric = cosine, dimensions = 3) =>
      new SimilarityBank(gpu, { dimensions, threshold, metric })
    expect(() => make(0, cosine, 0)).toThrow(/dimensions is 0/)
    expect(() => make(1.5)).toThrow(/threshold is 1.5, expected for cosine a similarity in \[-1, 1\]/)
    expect(() => make(NaN)).toThrow(/threshold is NaN/)
    expect(() => make(0.1, negativeL1)).toThrow(/threshold is 0.1, .* at most 0/)
    expect(() => make(Infinity, dot)).toThrow(/threshold is Infinity, .* a finite number/)
    using bank = make(0.5)
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
