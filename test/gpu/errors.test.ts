import { describe, expect, test } from 'vitest'
import { DeviceLostError, GpuError, ValidationError } from '../../src/gpu/errors'
import { defineKernel } from '../../src/gpu/kernel'
import { openGpu } from '../../src/gpu/open-gpu'
import { features } from '../gpu'
import { count } from './counting-kernels'

const broken = defineKernel({ ...count, name: 'broken-kernel', code: ['@compute fn main() { nonsense(); }'] })

describe('a shader that does not compile', () => {
  test('fails the next read, which names the kernel, and all that follow', async () => {
    using gpu = await openGpu({ limits: 'default', features })
    using y = gpu.zeros([4], 'u32')
    gpu.run(broken, { y }, { factor: 1 })
    const reading = gpu.readU32(y)
    await expect(reading).rejects.toThrow(ValidationError)
    await expect(reading).rejects.toThrow(GpuError)
    await expect(reading).rejects.toThrow('broken-kernel')
    await expect(reading).rejects.toThrow(gpu.adapterName)
    expect(() => gpu.check()).toThrow(ValidationError)
    await expect(gpu.readU32(y)).rejects.toThrow('broken-kernel')
    await expect(gpu.idle()).rejects.toThrow('broken-kernel')
  })

  test('fails a wait too', async () => {
    using gpu = await openGpu({ limits: 'default', features })
    using y = gpu.zeros([4], 'u32')
    gpu.run(broken, { y }, { factor: 1 })
    await expect(gpu.idle()).rejects.toThrow('broken-kernel')
  })
})

describe('a device that is lost', () => {
  test('fails the reads under way and those that come', { timeout: 10_000 }, async () => {
    const gpu = await openGpu({ limits: 'default', features })
    const y = gpu.zeros([4], 'u32')
    const early = gpu.readU32(y)
    early.catch(() => {})
    gpu.device.destroy()
    const late = gpu.readU32(y)
    await expect(late).rejects.toThrow(DeviceLostError)
    await expect(late).rejects.toThrow(`${gpu.adapterName}: device lost (destroyed)`)
    // What had been computed before may still arrive.
    expect(await early.catch(error => error)).toSatisfy(
      value => value instanceof Uint32Array || value instanceof DeviceLostError,
    )
    await expect(gpu.readU32(y)).rejects.toThrow(DeviceLostError)
    await expect(gpu.idle()).rejects.toThrow(DeviceLostError)
  })

  test('does not hide itself behind errors of what is disposed then', async () => {
    const gpu = await openGpu({ limits: 'default', features })
    const y = gpu.zeros([4], 'u32')
    const work = async () => {
      using recording = gpu.record(() => gpu.run(count, { y }, { factor: 1 }))
      gpu.device.destroy()
      await gpu.device.lost
      gpu.replay(recording)
      await gpu.readU32(y)
    }
    await expect(work()).rejects.toThrow(DeviceLostError)
  })

  test('by disposal says so', async () => {
    const gpu = await openGpu({ limits: 'default', features })
    const y = gpu.zeros([4], 'u32')
    gpu[Symbol.dispose]()
    await expect(gpu.readU32(y)).rejects.toThrow('device lost (destroyed)')
  })
})
