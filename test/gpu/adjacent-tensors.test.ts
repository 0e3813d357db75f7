import { describe, expect } from 'vitest'
import { adjacentTensors, joined } from '../../src/gpu/adjacent-tensors'
import { dryGpu } from '../../src/gpu/dry-gpu'
import { OutOfMemoryError } from '../../src/gpu/errors'
import { test } from '../gpu'
import { noise } from '../numbers'

describe('adjacent tensors', () => {
  test('have values of their own, and are covered by one', async ({ gpu }) => {
    const sizes = [70, 64, 1, 300]
    const tensors = adjacentTensors(
      gpu,
      sizes.map(size => ({ shape: [size] })),
    )
    const [all, ...others] = joined(tensors)
    expect(others).toEqual([])
    gpu.clear(all!)
    tensors.forEach((tensor, k) => {
      gpu.write(tensor, noise(sizes[k]!, k))
    })
    for (const [k, tensor] of tensors.entries()) expect(await gpu.read(tensor)).toEqual(noise(sizes[k]!, k))
    const values = await gpu.read(all!)
    expect(values).toHaveLength(128 + 64 + 64 + 300)
    expect(values.subarray(128, 192)).toEqual(noise(64, 1))
    expect(values.subarray(70, 128).every(value => value === 0)).toBe(true)
    for (const tensor of tensors) tensor[Symbol.dispose]()
  })

  test('give their memory back with the last of them', () => {
    const gpu = dryGpu()
    const tensors = adjacentTensors(gpu, [{ shape: [10, 10] }, { shape: [7], dtype: 'u32' }, { shape: [] }])
    const { allocated } = gpu.memory
    expect(allocated).toBe(512 + 256 + 256)
    for (const tensor of tensors) {
      gpu.trim()
      expect(gpu.memory.allocated).toBe(allocated)
      expect(tensor.disposed).toBe(false)
      tensor[Symbol.dispose]()
      tensor[Symbol.dispose]()
      expect(tensor.disposed).toBe(true)
    }
    gpu.trim()
    expect(gpu.memory.allocated).toBe(0)
  })

  test('are in several blocks where a binding ends', () => {
    const gpu = dryGpu({ maxStorageBufferBindingSize: 1024 })
    const shapes = [100, 100, 100, 256, 10].map(size => ({ shape: [size] }))
    const tensors = adjacentTensors(gpu, shapes)
    expect(tensors.map(({ offset }) => offset)).toEqual([0, 512, 0, 0, 0])
    expect(new Set(tensors.map(({ block }) => block)).size).toBe(4)
    expect(joined(tensors).map(({ size }) => size)).toEqual([228, 100, 256, 10])
    expect(adjacentTensors(gpu, [])).toEqual([])
  })

  test('leave nothing behind where one is too large', () => {
    const gpu = dryGpu({ maxStorageBufferBindingSize: 1024 })
    const shapes = [{ shape: [10] }, { shape: [10] }, { shape: [3, 100] }]
    expect(() => adjacentTensors(gpu, shapes)).toThrow(OutOfMemoryError)
    expect(() => adjacentTensors(gpu, shapes)).toThrow(/^tensor \[3, 100\] needs 1200 bytes/)
    gpu.trim()
    expect(gpu.memory.allocated).toBe(0)
  })

  test('join with those that begin where they end, of the same type, in any order', ({ gpu }) => {
    using arena = gpu.zeros([1000])
    const [a, b, c] = [arena.rows(0, 100), arena.rows(128, 256), arena.rows(320, 330)]
    expect(joined([c, b, a]).map(({ offset, size }) => [offset / 4, size])).toEqual([
      [0, 256],
      [320, 10],
    ])
    // Whichever memory was free, the order is that of what is given.
    const [first, second] = [gpu.empty([7]), gpu.empty([7])]
    for (const both of [
      [first, second],
      [second, first],
    ]) {
      expect(joined(both).map(({ block }) => block)).toEqual(both.map(({ block }) => block))
      for (const tensor of both) tensor[Symbol.dispose]()
    }
    const [values, words] = adjacentTensors(gpu, [{ shape: [8] }, { shape: [8], dtype: 'u32' }])
    expect(joined([values!, words!])).toHaveLength(2)
    for (const tensor of [values!, words!]) tensor[Symbol.dispose]()
  })
})
