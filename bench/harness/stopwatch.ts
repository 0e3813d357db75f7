export interface ProcessElapsed {
  readonly milliseconds: number
  /** Of all threads of this process: with a software adapter also the GPU's work, whatever else the machine does. */
  readonly cpuSeconds: number
}

/** Starts, in Node; the function returned says what went by since. */
export function stopwatch(): () => ProcessElapsed {
  const cpu = process.cpuUsage()
  const start = performance.now()
  return () => {
    const milliseconds = performance.now() - start
    const { user, system } = process.cpuUsage(cpu)
    return { milliseconds, cpuSeconds: (user + system) / 1e6 }
  }
}
