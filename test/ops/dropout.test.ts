import { describe, expect } from 'vitest'
import { dropInputs } from '../../src/ops/dropout'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import { dropoutMask } from '../reference/dropout'

describe('dropout', () => {
  test.for([
    [1, 1, 0.5],
    [3, 43, 0.1],
    [65, 33, 0.9],
    [2, 7, 0],
    [7, 11, 1 - 2 ** -20],
  ] as const)('matches the reference at N=%i C=%i rate=%f', async ([N, C, rate], { gpu }) => {
    const mask = dropoutMask(N * C, rate, 77, 3)
    const [values, before] = [noise(N * C, 1), noise(N * C, 2)]
    using x = gpu.tensor([N, C], values)
    using y = gpu.tensor([N, C], before)
    using seed = gpu.tensor([1], Uint32Array.of(77))
    const dropped = values.map((v, i) => v * mask[i]!)
    // One rounding of the product, which has the size of what is left, and one of the sum.
    const bound = { atol: 1e-6 / (1 - rate), rtol: 1e-6 }
    dropInputs(gpu, { rate, seed }, x, y, { stream: 3 })
    expectClose(await gpu.read(y), dropped, bound)
    dropInputs(gpu, { rate, seed }, x, y, { stream: 3, dropped: true, accumulate: true })
    expectClose(await gpu.read(y), values, bound)
    dropInputs(gpu, { rate, seed }, x, y, { stream: 3, dropped: true })
    expectClose(
      await gpu.read(y),
      values.map((v, i) => v - dropped[i]!),
      bound,
    )
  })

  test('replays with another seed, and tells streams apart', async ({ gpu }) => {
    const size = 4096
    using x = gpu.tensor([1, size], new Float32Array(size).fill(1))
    using y = gpu.empty([2, size])
    using seed = gpu.empty([1], 'u32')
    using recording = gpu.record(() => {
      for (const stream of [0, 1]) {
        dropInputs(gpu, { rate: 0.25, seed }, x, y.rows(stream, stream + 1), { stream })
      }
    })
    const masks = async (value: number) => {
      gpu.write(seed, Uint32Array.of(value))
      gpu.replay(recording)
      const both = Array.from(await gpu.read(y), v => (v === 0 ? 0 : 1))
      return [both.slice(0, size), both.slice(size)] as const
    }
    const first = await masks(5)
    const second = await masks(6)
    expect(await masks(5)).toEqual(first)
    const all = [...first, ...second]
    for (const [i, mask] of all.entries()) {
      const kept = mask.filter(v => v === 1).length / size
      // Five standard deviations of a share of 4096 draws.
      expect(Math.abs(kept - 0.75)).toBeLessThan(5 * Math.sqrt((0.75 * 0.25) / size))
      for (const other of all.slice(0, i)) {
        const both = mask.filter((v, j) => v === 1 && other[j] === 1).length / size
        expect(Math.abs(both - 0.75 ** 2)).toBeLessThan(5 * Math.sqrt((0.5625 * 0.4375) / size))
      }
    }
  })

  test('refuses a rate that leaves nothing', ({ gpu }) => {
    using x = gpu.zeros([1, 4])
    using seed = gpu.zeros([1], 'u32')
    for (const rate of [1, -0.1, Number.NaN]) {
      expect(() => dropInputs(gpu, { rate, seed }, x, x, { stream: 0 })).toThrow(
        new RangeError(`dropout: rate is ${rate}, expected 0 to below 1`),
      )
    }
  })
})
