import fold from '#shaders/lib/fold.wgsl?raw'
import copy from '#shaders/peak-copy.wgsl?raw'
import fma from '#shaders/peak-fma.wgsl?raw'
import type { Gpu } from './gpu'
import { defineKernel, read, write } from './kernel'

/** What a device attains at most, in f32. */
export interface Peaks {
  /** Arithmetic operations, a fused multiply-add being two. */
  readonly flopsPerSecond: number
  /** Bytes read and written. */
  readonly bytesPerSecond: number
}

export const peakFma = defineKernel({
  name: 'peak-fma',
  code: [fold, fma],
  params: { N: 'u32', rounds: 'u32', factor: 'f32' },
  bindings: { y: write('f32', 'N') },
  workgroups: ({ N }) => [Math.ceil(N / 64)],
  cost: ({ N, rounds }) => ({ flops: 64 * N * rounds }),
})

export const peakCopy = defineKernel({
  name: 'peak-copy',
  code: [fold, copy],
  params: { N: 'u32' },
  bindings: { x: read('vec4f', 'N'), y: write('vec4f', 'N') },
  workgroups: ({ N }) => [Math.ceil(N / 256)],
})

/** Invocations that keep any GPU busy, and those that keep a processor busy. */
const INVOCATIONS = { hardware: 1 << 18, software: 1 << 14 }
/** The most rounds of one dispatch: under a second on the slowest GPU that has as many invocations. */
const ROUNDS = 1 << 16
const COPIES = 1 << 12
const REPEATS = 3

/**
 * Measures a device's peaks with a loop of multiply-adds and with copies between two tensors.
 *
 * @param milliseconds that one measurement takes at least; below 10 the times are those of submits
 * @param bytes of each tensor that is copied: more than the GPU's caches hold
 */
export async function measurePeaks(
  gpu: Gpu,
  { milliseconds = 30, bytes = 2 ** 26 }: { readonly milliseconds?: number; readonly bytes?: number } = {},
): Promise<Peaks> {
  const N = gpu.software ? INVOCATIONS.software : INVOCATIONS.hardware
  using sums = gpu.empty([N])
  using from = gpu.zeros([bytes / 4])
  using to = gpu.zeros([bytes / 4])
  const rounds = await rate(gpu, { milliseconds, most: ROUNDS }, rounds =>
    gpu.run(peakFma, { y: sums }, { rounds, factor: 0.5 }),
  )
  const copies = await rate(gpu, { milliseconds, most: COPIES }, count => {
    for (let n = 0; n < count; n++) gpu.run(peakCopy, { x: from, y: to }, {})
  })
  return { flopsPerSecond: 64 * N * rounds, bytesPerSecond: 2 * bytes * copies }
}

/** How many of `body`'s units a second are done at most; their number is doubled until they take long enough. */
async function rate(
  gpu: Gpu,
  { milliseconds, most }: { readonly milliseconds: number; readonly most: number },
  body: (units: number) => void,
): Promise<number> {
  const time = async (units: number) => {
    await gpu.idle()
    const start = performance.now()
    body(units)
    await gpu.idle()
    return performance.now() - start
  }
  await time(1)
  let units = 1
  let least = await time(units)
  while (least < milliseconds && units < most) {
    units *= 2
    least = await time(units)
  }
  for (let n = 1; n < REPEATS; n++) least = Math.min(least, await time(units))
  return (units * 1000) / least
}
