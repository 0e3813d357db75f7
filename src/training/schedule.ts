/** Learning rate of a step as a fraction of the peak. `step` counts from 0 to `total` − 1. */
export type Schedule = (step: number, total: number) => number

/**
 * Linear warm-up over the first `warmupRatio` of the steps, then linear decay to 0, as transformers'
 * `get_linear_schedule_with_warmup` with ⌈ratio·total⌉ warm-up steps: step/w, then (total − step)/(total − w).
 */
export const linearSchedule =
  ({ warmupRatio = 0.1 } = {}): Schedule =>
  (step, total) => {
    const warmup = Math.ceil(warmupRatio * total)
    if (step < warmup) return step / warmup
    return Math.max(0, (total - step) / Math.max(1, total - warmup))
  }
