import { describe, expect, test } from 'vitest'
import { GpuError } from '../../src/gpu/errors'
import type { Gpu } from '../../src/gpu/gpu'
import { defineKernel } from '../../src/gpu/kernel'
import { type KernelTime, profileKernels } from '../../src/gpu/kernel-profile'
import { openGpu } from '../../src/gpu/open-gpu'
import { count, times } from './counting-kernels'

const whole = (length: number, first = 0) => Uint32Array.from({ length }, (_, i) => first + i)

/** `count`, of which is known what it does. */
const known = defineKernel({
  ...count,
  name: 'known',
  cost: ({ N, factor }) => ({ flops: 1e6 * N * factor, bytes: 10 * N }),
})

/** Everything that must keep its order: uploads of all sizes, recordings, copies, reads that are not awaited. */
async function work(gpu: Gpu): Promise<readonly Uint32Array[]> {
  using x = gpu.tensor([5], whole(5))
  using y = gpu.zeros([5], 'u32')
  using recording = gpu.record(() => {
    using middle = gpu.zeros([5], 'u32')
    gpu.run(times, { x, y: middle }, { factor: 3 })
    gpu.run(count, { y: middle }, { factor: 1 })
    gpu.copy(middle, y)
  })
  gpu.replay(recording)
  const reads = [gpu.readU32(y)]
  gpu.write(x, whole(5, 10))
  gpu.replay(recording)
  const inner = gpu.record(() => gpu.run(count, { y }, { factor: 1000 }))
  gpu.replay(inner)
  inner[Symbol.dispose]()
  const short = gpu.tensor([5], whole(5))
  gpu.run(count, { y: short }, { factor: 7 })
  gpu.copy(short, x)
  short[Symbol.dispose]()
  gpu.trim()
  reads.push(gpu.readU32(y))
  // Past what is collected first, and past what is collected at all.
  for (const [i, size] of [20_000, 5, 300_000].entries()) {
    using all = gpu.tensor([size], whole(size, i))
    gpu.run(count, { y: all.rows(0, 5) }, { factor: 2 })
    gpu.copy(all.rows(0, 5), x)
    reads.push(gpu.readU32(x))
  }
  await gpu.idle()
  return Promise.all(reads)
}

describe.each([
  ['by the GPU’s clock where it has one', 'adapter'],
  ['by the host’s', 'none'],
] as const)('a profile %s', (_, features) => {
  test('changes no result, and counts every call', async () => {
    using gpu = await openGpu({ limits: 'default', features })
    const want = await work(gpu)
    let got: readonly Uint32Array[] = []
    const { clock, kernels, milliseconds } = await profileKernels(gpu, async () => {
      got = await work(gpu)
    })
    expect(got).toEqual(want)
    expect(clock).toBe(gpu.features.has('timestamp-query') ? 'gpu' : 'host')
    expect(Object.fromEntries(kernels.map(({ kernel, calls }) => [kernel, calls]))).toEqual({
      times: 2,
      count: 2 + 1 + 1 + 3,
    })
    expect(milliseconds).toBeGreaterThan(0)
    expect(kernels.reduce((sum, row) => sum + row.milliseconds, 0)).toBeCloseTo(milliseconds, 9)
    expect(kernels.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9)
    expect(kernels[0]!.milliseconds).toBeGreaterThanOrEqual(kernels[1]!.milliseconds)
    // The next commands go their own way again.
    expect(await work(gpu)).toEqual(want)
  })

  test('tells rates by what kernels say of themselves, or by their tensors', async () => {
    using gpu = await openGpu({ limits: 'default', features })
    using x = gpu.zeros([40_000], 'u32')
    using y = gpu.zeros([40_000], 'u32')
    const peaks = { flopsPerSecond: 1e15, bytesPerSecond: 1e12 }
    const { kernels } = await profileKernels(
      gpu,
      () => {
        gpu.run(known, { y }, { factor: 2 })
        gpu.run(known, { y }, { factor: 3 })
        gpu.run(times, { x, y }, { factor: 2 })
      },
      { peaks },
    )
    const [mine, other] = ['known', 'times'].map(name => kernels.find(({ kernel }) => kernel === name)!)
    const seconds = (row: typeof mine) => row!.milliseconds / 1000
    expect(mine!.flopsPerSecond! * seconds(mine)).toBeCloseTo(1e6 * 40_000 * 5, 0)
    expect(mine!.bytesPerSecond * seconds(mine)).toBeCloseTo(2 * 10 * 40_000, 3)
    expect(other!.flopsPerSecond).toBe(null)
    expect(other!.bytesPerSecond * seconds(other)).toBeCloseTo(2 * 4 * 40_000, 3)
    expect(mine!.roofline! * seconds(mine)).toBeCloseTo((1e6 * 40_000 * 5) / 1e15, 9)
    expect(other!.roofline! * seconds(other)).toBeCloseTo((2 * 4 * 40_000) / 1e12, 12)
  })

  test('takes more dispatches than a set of timestamps holds', async () => {
    using gpu = await openGpu({ limits: 'default', features })
    using y = gpu.zeros([2], 'u32')
    using recording = gpu.record(() => {
      for (let n = 0; n < 2100; n++) gpu.run(count, { y }, { factor: n % 7 })
    })
    const { kernels } = await profileKernels(gpu, () => gpu.replay(recording))
    expect(kernels.map(({ kernel, calls }) => [kernel, calls])).toEqual([['count', 2100]])
    expect(await gpu.readU32(y)).toEqual(Uint32Array.of(0, 6300))
  })

  test('knows the step of its clock, and what that makes of a sum', async () => {
    using gpu = await openGpu({ limits: 'default', features })
    using y = gpu.zeros([2], 'u32')
    const { clock, stepNanoseconds, kernels } = await profileKernels(gpu, () => {
      for (let n = 0; n < 9; n++) gpu.run(count, { y }, { factor: n })
    })
    expect(stepNanoseconds).toBeGreaterThan(0)
    const [{ milliseconds, uncertainty }] = kernels as [KernelTime]
    expect((uncertainty * 1e6) / stepNanoseconds).toBeCloseTo(clock === 'gpu' ? 1.5 : 9, 9)
    if (clock === 'gpu')
      expect((milliseconds * 1e6) / stepNanoseconds).toBeCloseTo(
        Math.round((milliseconds * 1e6) / stepNanoseconds),
        6,
      )
    // Dawn rounds timestamps unless it is told not to, as the flag for software adapters does in Chromium.
    if (clock === 'gpu' && import.meta.env.SSR) expect(stepNanoseconds % 65536).toBe(0)
  })

  test('of nothing is empty', async () => {
    using gpu = await openGpu({ limits: 'default', features })
    expect(await profileKernels(gpu, () => {})).toMatchObject({ milliseconds: 0, kernels: [] })
  })

  test('is one at a time, and ends where its body fails', async () => {
    using gpu = await openGpu({ limits: 'default', features })
    using y = gpu.zeros([3], 'u32')
    const body = async () => {
      gpu.run(count, { y }, { factor: 5 })
      await profileKernels(gpu, () => {})
    }
    await expect(profileKernels(gpu, body)).rejects.toThrow(
      new GpuError('profile: another profile is being taken'),
    )
    const failing = () => {
      gpu.run(count, { y }, { factor: 5 })
      throw new RangeError('no')
    }
    await expect(profileKernels(gpu, failing)).rejects.toThrow(new RangeError('no'))
    expect(await gpu.readU32(y)).toEqual(Uint32Array.of(0, 10, 20))
    expect((await profileKernels(gpu, () => gpu.run(count, { y }, { factor: 1 }))).kernels).toHaveLength(1)
  })

  test('of a device that is lost says so', async () => {
    using gpu = await openGpu({ limits: 'default', features })
    using y = gpu.zeros([3], 'u32')
    const lost = profileKernels(gpu, () => {
      gpu.run(count, { y }, { factor: 5 })
      gpu.submit()
      gpu.device.destroy()
    })
    await expect(lost).rejects.toThrow(GpuError)
  })
})
