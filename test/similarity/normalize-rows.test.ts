import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import { normalizeRows, paddedWidth, RowFlag } from '../../src/similarity/normalize-rows'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import * as reference from '../reference/normalize-rows'

async function run(gpu: Gpu, x: Float32Array, N: number, E: number) {
  const P = paddedWidth(E)
  using tx = gpu.tensor([N, E], x)
  using y = gpu.tensor([N, P])
  using flags = gpu.empty([N], 'u32')
  normalizeRows(gpu, tx, y, flags)
  const padded = await gpu.read(y)
  const inside = Float32Array.from({ length: N * E }, (_, i) => padded[Math.floor(i / E) * P + (i % E)]!)
  const beyond = padded.filter((_, i) => i % P >= E)
  return { y: inside, beyond, flags: await gpu.readU32(flags) }
}

describe('normalize-rows', () => {
  test.for([
    [1, 1],
    [5, 3],
    [65, 123],
    [3, 384],
  ] as const)('matches the reference at %o', async ([N, E], { gpu }) => {
    const x = noise(N * E, 1, 3)
    const got = await run(gpu, x, N, E)
    const want = reference.normalizeRows(x, N, E)
    expect([...got.flags]).toEqual([...want.flags])
    // inverseSqrt is good to 2 ulp, two products follow, and a sum of E / 4 + 4 terms stands under the root.
    expectClose(got.y, want.y, { atol: 1e-9, rtol: (E / 8 + 8) * 2 ** -23 })
    expect(got.beyond.every(v => v === 0)).toBe(true)
  })

  // The squares of all of these overflow or vanish in f32, or would if they were scaled by a plain
  // reciprocal.
  test.for([3.4e38, 2 ** 127, 2 ** 64, 2 ** -64, 2 ** -99, 2 ** -100])(
    'keeps the direction of rows as large as %d',
    async (size, { gpu }) => {
      const x = Float32Array.of(size, -size / 2, size / 4, 0, size / 8)
      const got = await run(gpu, x, 1, 5)
      expect([...got.flags]).toEqual([RowFlag.unit])
      expectClose(got.y, reference.normalizeRows(x, 1, 5).y, { atol: 0, rtol: 1e-6 })
    },
  )

  test('flags zero and not finite rows, and makes them zero', async ({ gpu }) => {
    const special = [0, -0, 1e-40, -(2 ** -101), NaN, Infinity, -Infinity]
    const x = Float32Array.from(special.flatMap(v => [0, v, 0]))
    const got = await run(gpu, x, special.length, 3)
    expect([...got.flags]).toEqual([1, 1, 1, 1, 2, 2, 2])
    expect([...got.flags]).toEqual([...reference.normalizeRows(x, special.length, 3).flags])
    expect(got.y.every(v => v === 0)).toBe(true)
  })

  test('flags a row whatever its other values are', async ({ gpu }) => {
    const got = await run(gpu, Float32Array.of(1, NaN, 1, 1e-40, 0, 2, 0, 3e38, -Infinity), 3, 3)
    expect([...got.flags]).toEqual([RowFlag.notFinite, RowFlag.unit, RowFlag.notFinite])
  })
})
