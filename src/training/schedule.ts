/** Learning rate of a step as a fraction of the peak. `step` counts from 0 to `total` − 1. */
export type Schedule = (step: number, total: number) => number

/**
 * Linear warm-up over the first `warmupRatio` of the steps, then linear decay to 0, as transformers'
 * `get_linear_schedule_with_warmup` with ⌈ratio·total⌉ warm-up steps: step/w, then (total − step)/(total − w).
 * Only a job of a single step has no warm-up here: there its one step would have the rate 0.
 */
export const linearSchedule =
  ({ warmupRatio = 0.1 } = {}): Schedule =>
  (step, total) => {
    const warmup = total > 1 ? Math.ceil(warmupRatio * total) : 0
    if (step < warmup) return step / warmup
    return Math.max(0, (total - step) / Math.max(1, total - warmup))
  }
