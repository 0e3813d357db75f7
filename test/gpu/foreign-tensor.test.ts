import { describe, expect } from 'vitest'
import { GpuError, OutOfMemoryError } from '../../src/gpu/errors'
import { foreignTensor } from '../../src/gpu/foreign-tensor'
import { BufferUsage } from '../../src/gpu/usage'
import { meanPoolForward } from '../../src/ops/mean-pool'
import { test } from '../gpu'

const usage = BufferUsage.STORAGE | BufferUsage.COPY_DST

describe('foreignTensor', () => {
  test('is read by kernels from where it lies, again and again, and outlives no bind group', async ({
    gpu,
  }) => {
    const buffer = gpu.device.createBuffer({ size: 32, usage })
    using starts = gpu.tensor([1], Uint32Array.of(0))
    using lengths = gpu.tensor([1], Uint32Array.of(2))
    using y = gpu.tensor([1, 3])
    const seen: number[][] = []
    const before = gpu.counters.bindGroups
    for (const first of [1, 5]) {
      gpu.device.queue.writeBuffer(buffer, 0, Float32Array.of(first, 2, 3, 4, 5, 6))
      const x = foreignTensor(gpu, buffer, [2, 3])
      gpu.run(meanPoolForward, { x, starts, lengths, y }, {})
      seen.push([...(await gpu.read(y))])
    }
    expect(seen).toEqual([
      [2.5, 3.5, 4.5],
      [4.5, 3.5, 4.5],
    ])
    // A remembered one would keep the buffer's memory after its owner let go of it.
    expect(gpu.counters.bindGroups - before).toBe(2)
    buffer.destroy()
  })

  test('is refused where the buffer is too small or no kernel may read it', ({ gpu }) => {
    const small = gpu.device.createBuffer({ size: 20, usage })
    expect(() => foreignTensor(gpu, small, [5])).toThrow(
      new GpuError('a foreign buffer as [5]: it has 20 bytes, expected at least 32'),
    )
    const copied = gpu.device.createBuffer({ size: 32, usage: BufferUsage.COPY_DST })
    expect(() => foreignTensor(gpu, copied, [5])).toThrow(
      new GpuError(
        'a foreign buffer as [5]: it was not made with the usage STORAGE, without which no kernel reads it',
      ),
    )
    const limit = gpu.device.limits.maxStorageBufferBindingSize
    const large = gpu.device.createBuffer({ size: limit + 16, usage })
    expect(() => foreignTensor(gpu, large, [limit / 4 + 1])).toThrow(OutOfMemoryError)
    for (const buffer of [small, copied, large]) buffer.destroy()
  })
})
