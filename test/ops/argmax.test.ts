import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import { argmax, NOT_FINITE } from '../../src/ops/argmax'
import { test } from '../gpu'
import { noise } from '../numbers'
import * as reference from '../reference/argmax'

async function run(gpu: Gpu, values: Float32Array, N = 1): Promise<number[]> {
  using x = gpu.tensor([N, values.length / N], values)
  using index = gpu.empty([N], 'u32')
  argmax(gpu, x, index)
  return [...(await gpu.readU32(index))]
}

describe('argmax', () => {
  test.for([
    [1, 1],
    [3, 2],
    [2, 123],
    [5, 257],
    [3, 16_385],
    [1, 262_144],
  ] as const)('matches the reference at [%i, %i]', async ([N, V], { gpu }) => {
    for (const seed of [1, 2, 3]) {
      const values = noise(N * V, seed, 100)
      expect(await run(gpu, values, N)).toEqual(reference.argmax(values, V))
    }
  })

  test('takes the first of equal values, wherever it stands', async ({ gpu }) => {
    for (const V of [2, 300, 20_000]) {
      // Few different values: the largest stands in many parts.
      const values = noise(V, 4, 3).map(Math.round)
      expect(await run(gpu, values)).toEqual(reference.argmax(values, V))
      expect(await run(gpu, new Float32Array(V).fill(-2))).toEqual([0])
    }
    expect(await run(gpu, Float32Array.of(-1, -0, 0, -0))).toEqual([1])
    expect(await run(gpu, Float32Array.of(-1, 0, -0))).toEqual([1])
  })

  test('orders values of any size and sign', async ({ gpu }) => {
    const ladder = [-3.4e38, -1, -1e-30, 0, 1e-30, 0.5, 0.75, 1, 2, 3.4e38]
    for (let n = 1; n <= ladder.length; n++) {
      expect(await run(gpu, Float32Array.from(ladder.slice(0, n)))).toEqual([n - 1])
      expect(await run(gpu, Float32Array.from(ladder.slice(0, n).reverse()))).toEqual([0])
    }
  })

  test.for([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'says so of a row with %f, and only of that',
    async (bad, { gpu }) => {
      const values = noise(3 * 1000, 5)
      values[1000 + 777] = bad
      const [a, , c] = reference.argmax(values, 1000)
      expect(await run(gpu, values, 3)).toEqual([a, NOT_FINITE, c])
    },
  )
})
