import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { cosineSimilarity } from '../../src/similarity/cosine-similarity'
import { productBand } from '../../src/similarity/metric'
import type { Storage } from '../../src/similarity/prepare-rows'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import { cosine } from '../reference/similarity'
import { closeVectors, join, split, stored } from './vectors'

describe('cosine-similarity', () => {
  test('gives the cosine of each row with its own', async ({ gpu }) => {
    const cases = fc.record({ rows: closeVectors, storage: fc.constantFrom<Storage>('f32', 'f16') })
    await fc.assert(
      fc.asyncProperty(cases, async ({ rows, storage }) => {
        const [E, N] = [rows[0]!.length, rows.length]
        const others = rows.toReversed()
        using x = gpu.tensor([N, E], join(rows, E))
        using y = gpu.tensor([N, E], join(others, E))
        const got = await cosineSimilarity(gpu, x, y, { storage })
        const [a, b] = [stored(rows, storage), stored(others, storage)]
        const want = a.map((row, i) => cosine(row, b[i]!))
        // fp16 may hold nothing of a row, or only infinity: two such places are alike.
        const plain = (values: ArrayLike<number>) => Array.from(values, v => (Number.isNaN(v) ? 9 : v))
        expectClose(plain(got), plain(want), { atol: productBand(E), rtol: 0 })
      }),
      { numRuns: 200, seed: 4 },
    )
  })

  test.for([
    [1, 1],
    [65, 123],
    [130, 6],
  ] as const)('takes %i rows of %i values', async ([N, E], { gpu }) => {
    const [a, b] = [noise(N * E, 1), noise(N * E, 2)]
    using x = gpu.tensor([N, E], a)
    using y = gpu.tensor([N, E], b)
    const want = split(a, E).map((row, i) => cosine(row, split(b, E)[i]!))
    expectClose(await cosineSimilarity(gpu, x, y), want, { atol: productBand(E), rtol: 0 })
  })

  test('keeps the direction of the largest and the smallest values, and gives NaN without one', async ({
    gpu,
  }) => {
    const a = Float32Array.of(3e38, 3e38, 2e-30, 1e-30, 0, 0, NaN, 1, 1, 1, 1e5, 1)
    const b = Float32Array.of(2e38, 0, 2, 1, 1, 1, 1, 1, Infinity, 0, 1, 0)
    using x = gpu.tensor([6, 2], a)
    using y = gpu.tensor([6, 2], b)
    const got = await cosineSimilarity(gpu, x, y)
    expectClose(got.subarray(0, 2), [Math.SQRT1_2, 1], { atol: productBand(2), rtol: 0 })
    expect([...got.subarray(2, 5)]).toEqual([NaN, NaN, NaN])
    expect(got[5]).toBeCloseTo(1, 5)
    // fp16 holds neither 1e-30 nor 1e5.
    expect([...(await cosineSimilarity(gpu, x, y, { storage: 'f16' }))]).toEqual(Array(6).fill(NaN))
  })

  test('explains what it cannot take', async ({ gpu }) => {
    using x = gpu.zeros([2, 3])
    using y = gpu.zeros([3, 2])
    await expect(cosineSimilarity(gpu, x, y)).rejects.toThrow(/x has shape \[2, 3\] and y \[3, 2\]/)
  })
})
