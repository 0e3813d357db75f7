import { GpuError } from './errors'
import type { Gpu } from './gpu'
import type { Kernel } from './kernel'
import type { DispatchTime, KernelClock } from './kernel-clock'
import type { Peaks } from './peaks'
import { SubmitClock } from './submit-clock'
import { TimestampClock } from './timestamp-clock'

/** What the calls of one kernel took together. */
export interface KernelTime {
  readonly kernel: string
  readonly calls: number
  readonly milliseconds: number
  /** By how much `milliseconds` may be wrong, because the clock has steps. */
  readonly uncertainty: number
  /** Of all kernels' time, 0 to 1. */
  readonly share: number
  /** Arithmetic operations a second; null for a kernel that does not say how many it does. */
  readonly flopsPerSecond: number | null
  /** What it must read and write at least, once each, in a second. */
  readonly bytesPerSecond: number
  /** The time at the peaks over the time taken, 0 to 1; null without peaks. Williams et al., https://doi.org/10.1145/1498765.1498785 */
  readonly roofline: number | null
}

export interface KernelProfile {
  /** The GPU's own clock, or the host's, from the submit of a single dispatch to its end. */
  readonly clock: KernelClock['source']
  /** One time's error: the step of the GPU's clock, or the round trip of a submit. */
  readonly stepNanoseconds: number
  /** Of all kernels. */
  readonly milliseconds: number
  /** The longest first. */
  readonly kernels: readonly KernelTime[]
  readonly peaks: Peaks | null
}

/**
 * Times every dispatch that `body` submits, on the GPU's clock where the device has `timestamp-query`, else one
 * submit at a time on the host's. Results stay what they are; the whole takes longer, as kernels no longer overlap.
 *
 * @param peaks of `measurePeaks`, for the share of the roofline
 * @throws {GpuError} if a profile is being taken already
 */
export async function profileKernels(
  gpu: Gpu,
  body: () => unknown,
  { peaks = null }: { readonly peaks?: Peaks | null } = {},
): Promise<KernelProfile> {
  const clock = gpu.features.has('timestamp-query')
    ? new TimestampClock(gpu.device)
    : new SubmitClock(gpu.device)
  const back = gpu.divert(clock)
  try {
    await body()
  } finally {
    gpu.submit()
    // Others may submit while this waits; the device's own queue must not overtake them.
    for (let last = clock.handedOver(); last; last = clock.handedOver()) await last.catch(() => {})
    back()
  }
  const times = await clock.times().catch((cause: unknown) => {
    gpu.check()
    throw new GpuError(`profile: ${String(cause)}`, { cause })
  })
  gpu.check()
  return summary(clock, times, peaks)
}

function summary(
  { source, stepNanoseconds }: KernelClock,
  times: readonly DispatchTime[],
  peaks: Peaks | null,
): KernelProfile {
  const sums = new Map<string, { calls: number; nanoseconds: number; flops: number | null; bytes: number }>()
  for (const { dispatch, nanoseconds } of times) {
    const { kernel, values } = dispatch
    const cost = kernel.cost?.(values)
    const { calls, ...sum } = sums.get(kernel.name) ?? { calls: 0, nanoseconds: 0, flops: 0, bytes: 0 }
    sums.set(kernel.name, {
      calls: calls + 1,
      nanoseconds: sum.nanoseconds + nanoseconds,
      flops: sum.flops === null || cost?.flops === undefined ? null : sum.flops + cost.flops,
      bytes: sum.bytes + (cost?.bytes ?? boundBytes(kernel, values)),
    })
  }
  const total = times.reduce((sum, { nanoseconds }) => sum + nanoseconds, 0)
  const kernels = [...sums].map(([kernel, { calls, nanoseconds, flops, bytes }]): KernelTime => {
    const seconds = nanoseconds / 1e9
    const least = peaks && Math.max((flops ?? 0) / peaks.flopsPerSecond, bytes / peaks.bytesPerSecond)
    // Begin and end fall anywhere between two ticks, each time anew; what is waited for in vain adds up.
    const steps = source === 'gpu' ? Math.sqrt(calls) / 2 : calls
    return {
      kernel,
      calls,
      milliseconds: nanoseconds / 1e6,
      uncertainty: (steps * stepNanoseconds) / 1e6,
      share: total > 0 ? nanoseconds / total : 0,
      flopsPerSecond: flops === null || seconds === 0 ? null : flops / seconds,
      bytesPerSecond: seconds > 0 ? bytes / seconds : 0,
      roofline: least === null || seconds === 0 ? null : least / seconds,
    }
  })
  kernels.sort((a, b) => b.milliseconds - a.milliseconds || (a.kernel < b.kernel ? -1 : 1))
  return { clock: source, stepNanoseconds, milliseconds: total / 1e6, kernels, peaks }
}

/** The bytes of all its tensors. */
function boundBytes({ bindings }: Kernel, values: Readonly<Record<string, number>>): number {
  const sizes = Object.values(bindings).map(({ shape }) =>
    shape
      .split(' ')
      .filter(Boolean)
      .reduce((size, axis) => size * (values[axis] ?? Number(axis)), 4),
  )
  return sizes.reduce((a, b) => a + b, 0)
}
