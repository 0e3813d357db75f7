import type { KernelProfile, KernelTime } from './kernel-profile'

/** A number with three digits, and no more than three decimals. */
const short = (value: number) =>
  value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : value >= 1 ? 2 : 3)

const columns: readonly (readonly [string, (row: KernelTime) => string])[] = [
  ['kernel', ({ kernel }) => kernel],
  ['calls', ({ calls }) => String(calls)],
  ['ms', ({ milliseconds }) => short(milliseconds)],
  ['± ms', ({ uncertainty }) => short(uncertainty)],
  ['share', ({ share }) => `${(100 * share).toFixed(1)} %`],
  ['µs a call', ({ milliseconds, calls }) => short((1000 * milliseconds) / calls)],
  ['GFLOP/s', ({ flopsPerSecond }) => (flopsPerSecond === null ? '' : short(flopsPerSecond / 1e9))],
  ['GB/s', ({ bytesPerSecond }) => short(bytesPerSecond / 1e9)],
  ['roofline', ({ roofline }) => (roofline === null ? '' : `${(100 * roofline).toFixed(0)} %`)],
]

/** A profile as plain text: a line a kernel, the longest first, and below it what the times are worth. */
export function kernelProfileTable(profile: KernelProfile): string {
  const { clock, stepNanoseconds, milliseconds, kernels, peaks } = profile
  const rows = [columns.map(([name]) => name), ...kernels.map(row => columns.map(([, text]) => text(row)))]
  const widths = columns.map((_, i) => Math.max(...rows.map(row => row[i]!.length)))
  const lines = rows.map(row =>
    row
      .map((text, i) => (i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  )
  const step = `${short(stepNanoseconds / 1000)} µs`
  const notes = [
    clock === 'gpu'
      ? `${short(milliseconds)} ms by the GPU's clock, in steps of ${step}`
      : `${short(milliseconds)} ms by the host's clock, one dispatch a submit, about ${step} of each for the way there and back`,
  ]
  if (peaks) {
    const { flopsPerSecond, bytesPerSecond } = peaks
    notes.push(`peaks: ${short(flopsPerSecond / 1e9)} GFLOP/s, ${short(bytesPerSecond / 1e9)} GB/s`)
  }
  const coarse = kernels.filter(row => (row.milliseconds * 1e6) / row.calls < stepNanoseconds)
  if (coarse.length > 0) {
    const names = coarse.map(({ kernel }) => kernel).join(', ')
    notes.push(`shorter than that, so only their sums over many calls tell anything: ${names}`)
  }
  return [...lines, '', ...notes].join('\n')
}
