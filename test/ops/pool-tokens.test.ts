import { describe, expect } from 'vitest'
import { ShapeError } from '../../src/gpu/errors'
import { poolTokens } from '../../src/ops/pool-tokens'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import * as reference from '../reference/pool-tokens'

describe('pool-tokens', () => {
  test.for([
    { C: 1, T: 1, spans: [[0, 1]] },
    {
      C: 32,
      T: 7,
      spans: [
        [0, 7],
        [0, 1],
        [2, 3],
        [1, 4],
        [3, 3],
      ],
    },
    {
      C: 65,
      T: 130,
      spans: [
        [0, 130],
        [0, 129],
        [129, 130],
      ],
    },
    {
      C: 123,
      T: 64,
      spans: [
        [0, 64],
        [0, 65],
      ],
    },
    { C: 384, T: 5, spans: [[0, 5]] },
  ])('matches the reference at %o', async ({ C, T, spans }, { gpu }) => {
    const B = spans.length
    const values = noise(B * T * C, 1, 3)
    using x = gpu.tensor([B, T, C], values)
    for (const normalize of [false, true]) {
      // Last sequence first; the row before them and the one after stay as they are.
      using y = gpu.tensor([B + 2, C], new Float32Array((B + 2) * C).fill(-7))
      poolTokens(
        gpu,
        x,
        spans.map(([begin = 0, end = 0], b) => ({ begin, end, row: B - b })),
        y,
        { normalize },
      )
      const want = spans.toReversed().flatMap(([begin = 0, end = 0], i) => {
        const b = B - 1 - i
        const span = values.subarray((b * T + begin) * C, (b * T + Math.min(end, T)) * C)
        return [...reference.poolTokens(span, C, normalize)]
      })
      const got = await gpu.read(y)
      // Means of numbers below 3: each of T additions may lose half a unit of a sum of about √T of them.
      expectClose(got.subarray(C, -C), want, { atol: 3 * Math.sqrt(T + 8) * 2 ** -23, rtol: 1e-6 })
      for (const untouched of [got.subarray(0, C), got.subarray(-C)])
        expect([...untouched]).toEqual(new Array(C).fill(-7))
    }
  })

  test('writes no row outside y, and takes no sequence', async ({ gpu }) => {
    using x = gpu.tensor([2, 1, 3], noise(6))
    using y = gpu.tensor([1, 3], new Float32Array(3).fill(5))
    poolTokens(
      gpu,
      x,
      [
        { begin: 0, end: 1, row: 1 },
        { begin: 0, end: 1, row: 9 },
      ],
      y,
      { normalize: true },
    )
    expect([...(await gpu.read(y))]).toEqual([5, 5, 5])
    expect(() => poolTokens(gpu, x, [{ begin: 0, end: 1, row: 0 }], y)).toThrow(
      new ShapeError('poolTokens: 1 spans for x of shape [2, 1, 3]'),
    )
    using none = gpu.tensor([0, 1, 3])
    poolTokens(gpu, none, [], y)
    expect([...(await gpu.read(y))]).toEqual([5, 5, 5])
  })

  test('keeps zeros zero where lengths are made one', async ({ gpu }) => {
    using x = gpu.tensor([1, 2, 3], new Float32Array(6))
    using y = gpu.tensor([1, 3], new Float32Array(3).fill(5))
    poolTokens(gpu, x, [{ begin: 0, end: 2, row: 0 }], y, { normalize: true })
    expect([...(await gpu.read(y))]).toEqual([0, 0, 0])
  })
})
