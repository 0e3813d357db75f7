import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import { f16ToF32 } from '../../src/io/half-floats'
import { cosine, dot, type Metric, productBand } from '../../src/similarity/metric'
import { prepareRows, RowFlag, rowLayout, SEGMENT, type Storage } from '../../src/similarity/prepare-rows'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import * as reference from '../reference/normalize-rows'

/** Values, what follows them up to a multiple of four, and bounds, of each prepared row. */
async function run(gpu: Gpu, metric: Metric, storage: Storage, x: Float32Array, N: number, E: number) {
  const layout = rowLayout(E, metric, storage)
  using tx = gpu.tensor([N, E], x)
  using y = gpu.empty([N, layout.words], 'u32')
  using flags = gpu.empty([N], 'u32')
  prepareRows(gpu, layout, tx, y, flags)
  const words = await gpu.readU32(y)
  const valueWords = layout.quads * (layout.storage === 'f16' ? 2 : 4)
  const rows = Array.from({ length: N }, (_, n) => words.slice(n * layout.words, (n + 1) * layout.words))
  const values = rows.map(row => {
    const { buffer } = row.slice(0, valueWords)
    return layout.storage === 'f16' ? f16ToF32(new Uint16Array(buffer)) : new Float32Array(buffer)
  })
  const bounds = rows.map(row => new Float32Array(row.slice(valueWords).buffer))
  return {
    y: Float32Array.from({ length: N * E }, (_, i) => values[Math.floor(i / E)]![i % E]!),
    beyond: values.flatMap(row => [...row.subarray(E)]),
    bounds,
    values,
    flags: await gpu.readU32(flags),
    layout,
  }
}

const SIZES = [
  [1, 1],
  [5, 3],
  [65, 123],
  [3, 384],
] as const

describe('prepare-rows', () => {
  test.for(SIZES)('makes unit rows at %o', async ([N, E], { gpu }) => {
    const x = noise(N * E, 1, 3)
    const got = await run(gpu, cosine, 'f32', x, N, E)
    const want = reference.normalizeRows(x, N, E)
    expect([...got.flags]).toEqual([...want.flags])
    // fp16 holds eleven bits, of normal numbers; adapters may round either way and flush what is smaller.
    expectClose(got.y, want.y, { atol: 2 ** -14, rtol: 2 ** -10 })
    expect(got.beyond.every(v => v === 0)).toBe(true)
  })

  test.for(SIZES)('keeps values that are no directions at %o', async ([N, E], { gpu }) => {
    const x = noise(N * E, 1, 3)
    const f32 = await run(gpu, dot, 'f32', x, N, E)
    expect([...f32.y]).toEqual([...x])
    expect(f32.beyond.every(v => v === 0)).toBe(true)
    const halves = x.map(v => Math.round(v * 64) / 64)
    const f16 = await run(gpu, dot, 'f16', halves, N, E)
    expect([...f16.y].map(v => v + 0)).toEqual([...halves].map(v => v + 0))
  })

  // The bounds' product must hold what the rest of the product adds, the rows' rounding, and that of the sum.
  test.for(SIZES.flatMap(([, E]) => [cosine, dot].map(metric => ({ metric, E }))))(
    'bounds what follows a segment of $metric.name at $E values',
    async ({ metric, E }, { gpu }) => {
      const N = 12
      const x = noise(N * E, 2, 3)
      const { values, bounds, layout } = await run(gpu, metric, 'f32', x, N, E)
      const rows = Array.from({ length: N }, (_, n) => x.subarray(n * E, (n + 1) * E))
      const squares = rows.map(row => row.reduce((sum, v) => sum + v * v, 0))
      const band = (a: number, b: number) =>
        productBand(layout.width) * (metric === cosine ? 1 : Math.sqrt(squares[a]! * squares[b]!))
      const segments = Math.ceil(layout.quads / SEGMENT)
      for (let a = 0; a < N; a++) {
        for (let b = 0; b < N; b++) {
          const similarity = metric.similarity(rows[a]!, rows[b]!, squares[a]!, squares[b]!)
          let sum = 0
          let at = 0
          for (let segment = 0; segment < segments; segment++) {
            const end = Math.min((segment + 1) * SEGMENT * 4, layout.width)
            for (; at < end; at++) sum += values[a]![at]! * values[b]![at]!
            const slack = bounds[a]![segment]! * bounds[b]![segment]!
            expect(sum + slack).toBeGreaterThanOrEqual(similarity + 0.5 * band(a, b))
            // In the end only rounding is left: of fp16 about 2^-11.
            if (at === layout.width) expect(slack).toBeLessThan(metric === cosine ? 2e-3 : 2 * band(a, b))
          }
        }
      }
    },
  )

  // The squares of all of these overflow or vanish in f32, or would if they were scaled by a plain
  // reciprocal.
  test.for([3.4e38, 2 ** 127, 2 ** 64, 2 ** -64, 2 ** -99, 2 ** -100])(
    'keeps the direction of rows as large as %d',
    async (size, { gpu }) => {
      const x = Float32Array.of(size, -size / 2, size / 4, 0, size / 8)
      const got = await run(gpu, cosine, 'f32', x, 1, 5)
      expect([...got.flags]).toEqual([RowFlag.usable])
      expectClose(got.y, reference.normalizeRows(x, 1, 5).y, { atol: 0, rtol: 2 ** -10 })
    },
  )

  test('flags zero and not finite rows, and makes them zero', async ({ gpu }) => {
    const special = [0, -0, 1e-40, -(2 ** -101), NaN, Infinity, -Infinity]
    const x = Float32Array.from(special.flatMap(v => [0, v, 0]))
    const got = await run(gpu, cosine, 'f32', x, special.length, 3)
    expect([...got.flags]).toEqual([1, 1, 1, 1, 2, 2, 2])
    expect([...got.flags]).toEqual([...reference.normalizeRows(x, special.length, 3).flags])
    expect(got.y.every(v => v === 0)).toBe(true)
    expect(got.bounds.flatMap(row => [...row]).every(v => v === -1)).toBe(true)
  })

  test('takes zero rows where not only directions count, and no values that sums may not hold', async ({
    gpu,
  }) => {
    const special = [0, 2 ** -140, 2 ** 47, 2 ** 48, -(2 ** 48), NaN, -Infinity]
    const x = Float32Array.from(special.flatMap(v => [0, v, 0]))
    const { flags } = await run(gpu, dot, 'f32', x, special.length, 3)
    expect([...flags]).toEqual([0, 0, 0, 2, 2, 2, 2])
  })

  test('flags a row whatever its other values are', async ({ gpu }) => {
    const x = Float32Array.of(1, NaN, 1, 1e-40, 0, 2, 0, 3e38, -Infinity)
    const got = await run(gpu, cosine, 'f32', x, 3, 3)
    expect([...got.flags]).toEqual([RowFlag.notFinite, RowFlag.usable, RowFlag.notFinite])
  })
})
