import { GpuError, OutOfMemoryError } from './errors'
import type { Gpu } from './gpu'
import { FOREIGN } from './pool'
import { Tensor } from './tensor'
import { BufferUsage } from './usage'

/**
 * A tensor over the first bytes of a buffer that another library made on the same device: f32 values in row-major order.
 * The owner must have submitted what writes the buffer, and may write to it or let go of it after `gpu.submit()`.
 * Not for recordings, which outlive it.
 *
 * @throws {GpuError} if kernels cannot read the buffer, or if it holds less than the tensor
 * @throws {OutOfMemoryError} if the tensor exceeds what one binding may hold
 */
export function foreignTensor(gpu: Gpu, buffer: GPUBuffer, shape: readonly number[]): Tensor {
  const bytes = shape.reduce((a, b) => a * b, 1) * 4
  // Kernels may view four values at a time, and what is bound is rounded up to that.
  const bound = Math.max(16, Math.ceil(bytes / 16) * 16)
  const limit = gpu.device.limits.maxStorageBufferBindingSize
  const who = `a foreign buffer as [${shape.join(', ')}]`
  if (!(bound <= buffer.size))
    throw new GpuError(`${who}: it has ${buffer.size} bytes, expected at least ${bound}`)
  if (bound > limit)
    throw new OutOfMemoryError(`${who}: it needs ${bound} bytes; ${gpu.adapterName} binds at most ${limit}`)
  if ((buffer.usage & BufferUsage.STORAGE) === 0)
    throw new GpuError(`${who}: it was not made with the usage STORAGE, without which no kernel reads it`)
  return new Tensor({ id: FOREIGN, buffer, size: buffer.size }, 0, shape, 'f32', null, null, null)
}
