import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { DEFAULT_LIMITS, dryGpu } from '../../src/gpu/dry-gpu'
import { OutOfMemoryError, ShapeError } from '../../src/gpu/errors'
import type { Gpu } from '../../src/gpu/gpu'
import { openGpu } from '../../src/gpu/open-gpu'
import { pack, uploadPacked } from '../../src/nn/packed'
import { Tape } from '../../src/ops/tape'
import { features } from '../gpu'
import { tinyConfig, tinyLlama } from '../tiny-llama'
import { count } from './counting-kernels'

// A dry run must not touch WebGPU, so there is none.
beforeEach(() => {
  for (const name of Reflect.ownKeys(globalThis)) {
    if (typeof name === 'string' && name.startsWith('GPU')) vi.stubGlobal(name, undefined)
  }
  vi.stubGlobal('navigator', {})
})
afterEach(() => {
  vi.unstubAllGlobals()
})

const blocks = (...sizes: number[]) => sizes.reduce((sum, size) => sum + Math.ceil((size * 4) / 256) * 256, 0)
const UNIFORMS = 65536

describe('a dry run', () => {
  test('counts the bytes of tensors, and what is freed', () => {
    using gpu = dryGpu()
    const a = gpu.tensor([100])
    using _ = gpu.zeros([1000], 'u32')
    expect(gpu.memory).toEqual({ allocated: blocks(100, 1000), peak: blocks(100, 1000) })
    a[Symbol.dispose]()
    gpu.trim()
    expect(gpu.memory).toEqual({ allocated: blocks(1000), peak: blocks(100, 1000) })
  })

  test('checks shapes and sizes, and reads zeros', async () => {
    using gpu = dryGpu({ maxStorageBufferBindingSize: 1024 })
    expect(gpu.device.limits).toMatchObject({ ...DEFAULT_LIMITS, maxStorageBufferBindingSize: 1024 })
    expect(() => gpu.tensor([257])).toThrow(
      new OutOfMemoryError('tensor [257] needs 1028 bytes; dry run binds at most 1024'),
    )
    using y = gpu.empty([3], 'u32')
    using wrong = gpu.empty([3])
    expect(() => gpu.run(count, { y: wrong }, { factor: 1 })).toThrow(ShapeError)
    gpu.run(count, { y }, { factor: 1 })
    expect(await gpu.readU32(y)).toEqual(new Uint32Array(3))
    expect(gpu.counters).toMatchObject({ dispatches: 1, submits: 1, pipelines: 1 })
  })

  test('of a forward pass of Llama holds its weights, tables and activations', async () => {
    using gpu = dryGpu()
    using network = tinyLlama(gpu)
    const { hidden: C, intermediate: F, vocabulary: V, maxPositions: P, headSize: D, layers } = tinyConfig
    // Per layer two norms, q and o [C, C], k and v [C/2, C] and three matrices [F, C].
    const layer = [C, C, C * C, C * C, (C / 2) * C, (C / 2) * C, F * C, F * C, F * C]
    const held = blocks(
      V * C,
      C,
      // The tables of rotary positions: of multiples of 256, and of those below.
      Math.ceil(P / 256) * D,
      256 * D,
      ...Array.from({ length: layers }, () => layer).flat(),
    )
    // Small uploads are collected in one buffer, which grows to hold the largest.
    expect(gpu.memory.allocated).toBe(held + 65536)
    const T = 40
    {
      using tape = new Tape(gpu, { grad: false })
      using packed = uploadPacked(gpu, pack([new Uint32Array(T)]))
      const y = network.forward(tape, packed)
      expect(y.shape).toEqual([T, C])
      expect(await gpu.read(y)).toEqual(new Float32Array(T * C))
    }
    const activations = gpu.memory.peak - held - 65536 - UNIFORMS - blocks(T, T, 4 * T)
    // Among them, in the second half of a layer: its input, the mixed rows, gate, up and their product.
    expect(activations).toBeGreaterThanOrEqual(blocks(T * C, T * C, T * F, T * F, T * F))
  })

  test('counts what a real run takes', async () => {
    const forward = async (gpu: Gpu) => {
      using network = tinyLlama(gpu)
      using tape = new Tape(gpu, { grad: false })
      using packed = uploadPacked(gpu, pack([new Uint32Array(40), new Uint32Array(7)]))
      await gpu.read(network.forward(tape, packed))
      const { buffers, ...counters } = gpu.counters
      return { memory: gpu.memory, buffers, counters }
    }
    using dry = dryGpu()
    const planned = await forward(dry)
    vi.unstubAllGlobals()
    using plain = await openGpu({ limits: 'default', features: 'none' })
    expect(planned).toEqual(await forward(plain))
    using own = await openGpu({ limits: 'default', features })
    expect((await forward(own)).memory.peak).toBeLessThanOrEqual(planned.memory.peak)
  })
})
