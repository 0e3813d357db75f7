import type { ChartPoint, TrainStep } from '../../src/index'

/** A step, counted through all rounds, and when it came. */
export interface TimedStep extends TrainStep {
  /** Since the training began. */
  readonly seconds: number
}

/** Metrics of what is measured on the way, after a step; 0 is before the first. */
export interface TimedEvaluation {
  /** "before", "after", or which step it came after. */
  readonly name: string
  readonly step: number
  readonly metrics: Readonly<Record<string, number>>
}

/** Steps and measurements as the charts take them: what is measured has TRL's names for it. */
export const recordsOf = (
  steps: readonly TimedStep[],
  evaluations: readonly TimedEvaluation[],
): Readonly<Record<string, number>>[] => [
  ...steps,
  ...evaluations.map(({ step, metrics }) => ({
    step,
    ...Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`eval_${name}`, value])),
  })),
]

/** The value at a step, or at the last one before it; null before the first. */
export function valueAt(points: readonly ChartPoint[], step: number): number | null {
  let [low, high] = [0, points.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (points[middle]!.step <= step) low = middle + 1
    else high = middle
  }
  return low === 0 ? null : points[low - 1]!.value
}
