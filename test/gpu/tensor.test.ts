import { describe, expect } from 'vitest'
import { ShapeError } from '../../src/gpu/errors'
import { test } from '../gpu'
import { noise } from '../numbers'

describe('a view', () => {
  test('is the same memory under another shape', async ({ gpu }) => {
    using x = gpu.tensor([2, 6], noise(12))
    const view = x.view([3, 4])
    expect([view.shape, view.size, view.bytes, view.dtype]).toEqual([[3, 4], 12, 48, 'f32'])
    gpu.write(view, Float32Array.of(7))
    const want = noise(12)
    want[0] = 7
    expect(await gpu.read(x)).toEqual(want)
    // Gradients go by the tensor a view is of, however often it is viewed.
    expect(view.view([12]).base).toBe(x)
  })

  test('must have the same size', ({ gpu }) => {
    using x = gpu.tensor([2, 6])
    expect(() => x.view([5])).toThrow(new ShapeError('view: [2, 6] has 12 elements, [5] has not'))
  })
})

describe('rows', () => {
  test('are a part of the memory', async ({ gpu }) => {
    const data = noise(4 * 64)
    using x = gpu.tensor([4, 64], data)
    const rows = x.rows(1, 3)
    expect([rows.shape, rows.offset]).toEqual([[2, 64], 256])
    expect(await gpu.read(rows)).toEqual(data.slice(64, 192))
    const inner = rows.rows(1, 2)
    expect(inner.offset).toBe(512)
    expect(await gpu.read(inner.view([64]))).toEqual(data.slice(128, 192))
    gpu.clear(rows)
    expect(await gpu.read(x)).toEqual(data.map((v, i) => (i >= 64 && i < 192 ? 0 : v)))
    expect(await gpu.read(x.rows(4, 4))).toEqual(new Float32Array(0))
    // A part of a tensor is not another shape of it: it has a gradient of its own.
    expect(rows.base).toBeNull()
  })

  test('must exist and begin where bindings may', ({ gpu }) => {
    using x = gpu.tensor([4, 32])
    for (const [begin, end] of [
      [-2, 1],
      [0, 5],
      [2, 0],
      [1, 2],
    ] as const) {
      expect(() => x.rows(begin, end)).toThrow(
        new ShapeError(`rows: ${begin} to ${end} of [4, 32] do not begin at 256 bytes or do not exist`),
      )
    }
  })
})

describe('disposal', () => {
  test('gives the memory back once, whatever was made of it', ({ gpu }) => {
    const x = gpu.tensor([1000])
    const parts = [x.view([10, 100]), x.rows(0, 64)]
    for (const part of parts) part[Symbol.dispose]()
    expect([x, ...parts].map(t => t.disposed)).toEqual([false, false, false])
    x[Symbol.dispose]()
    x[Symbol.dispose]()
    expect([x, ...parts].map(t => t.disposed)).toEqual([true, true, true])
    using a = gpu.tensor([1000])
    using b = gpu.tensor([1000])
    expect(a.block).toBe(x.block)
    expect(b.block).not.toBe(x.block)
  })
})
