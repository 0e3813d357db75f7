import { describe, expect } from 'vitest'
import { addEmbeddingNoise, NOISE_STREAM } from '../../src/ops/embedding-noise'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import { embeddingNoise } from '../reference/embedding-noise'

describe('embedding noise', () => {
  test.for([
    [1, 1],
    [5, 13],
    [67, 36],
  ] as const)('matches the reference at T=%i C=%i', async ([T, C], { gpu }) => {
    const values = noise(T * C, 1)
    // Padding has none.
    const magnitude = Float32Array.from({ length: T }, (_, t) =>
      t === T - 1 && T > 1 ? 0 : 5 / Math.sqrt((t + 1) * C),
    )
    using x = gpu.tensor([T, C], values)
    using seed = gpu.tensor([1], Uint32Array.of(2 ** 32 - 3))
    using size = gpu.tensor([T], magnitude)
    addEmbeddingNoise(gpu, { magnitude: size, seed }, x)
    const want = embeddingNoise(magnitude, C, 2 ** 32 - 3, NOISE_STREAM)
    // Two roundings of sums below 6.
    expectClose(
      await gpu.read(x),
      want.map((v, i) => v + values[i]!),
      { atol: 1e-6, rtol: 0 },
    )
  })

  test('is uniform, from one end to the other', async ({ gpu }) => {
    const size = 20_000
    using x = gpu.zeros([1, size])
    using seed = gpu.tensor([1], Uint32Array.of(1))
    using magnitude = gpu.tensor([1], Float32Array.of(2))
    addEmbeddingNoise(gpu, { magnitude, seed }, x)
    const values = await gpu.read(x)
    const bins = new Array<number>(10).fill(0)
    for (const v of values) bins[Math.floor((v + 2) * 2.5)]!++
    // Five standard deviations of a share of a tenth.
    for (const count of bins) expect(Math.abs(count - size / 10)).toBeLessThan(5 * Math.sqrt(size * 0.09))
  })
})
