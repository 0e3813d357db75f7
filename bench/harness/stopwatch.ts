export interface Elapsed {
  readonly milliseconds: number
  /** Of all threads of this process: with a software adapter also the GPU's work, whatever else the machine does. */
  readonly cpuSeconds: number
}

/** Starts; the function returned says what went by since. */
export function stopwatch(): () => Elapsed {
  const cpu = process.cpuUsage()
  const start = performance.now()
  return () => {
    const milliseconds = performance.now() - start
    const { user, system } = process.cpuUsage(cpu)
    return { milliseconds, cpuSeconds: (user + system) / 1e6 }
  }
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
