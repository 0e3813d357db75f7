import { expect, test } from 'vitest'
import type { KernelProfile, KernelTime } from '../../src/gpu/kernel-profile'
import { kernelProfileTable } from '../../src/gpu/kernel-profile-table'

const row = (kernel: string, calls: number, milliseconds: number): KernelTime => ({
  ...{ kernel, calls, milliseconds, uncertainty: 0.0328, share: milliseconds / 130 },
  ...{ flopsPerSecond: null, bytesPerSecond: 2e9, roofline: null },
})

const gpuClock: KernelProfile = {
  clock: 'gpu',
  stepNanoseconds: 65536,
  milliseconds: 130,
  kernels: [
    { ...row('linear-nt', 10, 123.4), flopsPerSecond: 2.5e12, roofline: 0.514 },
    row('tiny', 1000, 6.6),
  ],
  peaks: { flopsPerSecond: 5e12, bytesPerSecond: 1.25e9 },
}

test('a line a kernel, then the clock, the peaks, and what is shorter than a step', () => {
  expect(kernelProfileTable(gpuClock)).toBe(`\
kernel     calls    ms   ± ms   share  µs a call  GFLOP/s  GB/s  roofline
linear-nt     10   123  0.033  94.9 %      12340     2500  2.00      51 %
tiny        1000  6.60  0.033   5.1 %       6.60           2.00

130 ms by the GPU's clock, in steps of 65.5 µs
peaks: 5000 GFLOP/s, 1.25 GB/s
shorter than that, so only their sums over many calls tell anything: tiny`)
})

test('times of submits are called so', () => {
  const kernels = [row('slow', 1, 5)]
  expect(
    kernelProfileTable({ clock: 'host', stepNanoseconds: 40_000, milliseconds: 5, kernels, peaks: null }),
  ).toBe(`\
kernel  calls    ms   ± ms  share  µs a call  GFLOP/s  GB/s  roofline
slow        1  5.00  0.033  3.8 %       5000           2.00

5.00 ms by the host's clock, one dispatch a submit, about 40.0 µs of each for the way there and back`)
})
