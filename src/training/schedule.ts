import { TrainingError } from './errors'

/** Learning rate of a step as a fraction of the peak. `step` counts from 0 to `total` − 1. */
export type Schedule = (step: number, total: number) => number

/** A part of the steps: ⌈ratio · total⌉ as in transformers, or a number of them. */
export type WarmUp =
  | { readonly warmupRatio?: number; readonly warmupSteps?: never }
  | { readonly warmupRatio?: never; readonly warmupSteps?: number }

/**
 * Linear warm-up, by default over a tenth of the steps, then linear decay to 0, as transformers'
 * `get_linear_schedule_with_warmup`: step/w, then (total − step)/(total − w). A job of a single step has no warm-up,
 * under this and the other schedules: its one step would have the rate 0.
 *
 * @throws {TrainingError} for an option out of range
 */
export function linearSchedule(warmUp: WarmUp = {}): Schedule {
  return afterWarmUp(readWarmUp(warmUp, 0.1), left => left)
}

/**
 * Linear warm-up, by default over a tenth of the steps, then half a cosine, ½(1 + cos πp), from 1 to `minRatio`, as
 * transformers' `get_cosine_schedule_with_warmup` and `get_cosine_with_min_lr_schedule_with_warmup`.
 *
 * @throws {TrainingError} for an option out of range
 */
export function cosineSchedule(options: WarmUp & { readonly minRatio?: number } = {}): Schedule {
  const { minRatio = 0, ...warmUp } = options
  checkRatio('minRatio', minRatio)
  return afterWarmUp(readWarmUp(warmUp, 0.1), left => DECAYS.cosine(1 - left) * (1 - minRatio) + minRatio)
}

/**
 * The peak at every step, after a linear warm-up if one is asked for, as transformers' `get_constant_schedule` and
 * `get_constant_schedule_with_warmup`.
 *
 * @throws {TrainingError} for an option out of range
 */
export function constantSchedule(warmUp: WarmUp = {}): Schedule {
  return afterWarmUp(readWarmUp(warmUp, 0), () => 1)
}

const DECAYS = {
  linear: (p: number) => 1 - p,
  cosine: (p: number) => 0.5 * (1 + Math.cos(Math.PI * p)),
  '1-sqrt': (p: number) => 1 - Math.sqrt(p),
} as const

/** What `wsdSchedule` takes besides the warm-up. */
export interface WsdOptions {
  /** Share of the steps that decay, at the end. Default: a tenth. */
  readonly decayRatio?: number
  /** Their number, in place of the share. */
  readonly decaySteps?: number
  /** Course of the decay: 1 − p, ½(1 + cos πp) or 1 − √p over its part p. */
  readonly decay?: keyof typeof DECAYS
  /** Where the warm-up begins and the decay would end. */
  readonly minRatio?: number
}

/**
 * Warm-up, stable, decay: a linear rise from `minRatio`, by default over a tenth of the steps, then the peak, then a
 * fall towards `minRatio` over the last ones, as transformers' `get_wsd_schedule`. Where warm-up and decay are
 * longer than the job, the decay begins on its way. https://arxiv.org/abs/2404.06395
 *
 * @throws {TrainingError} for an option out of range, or a decay given both ways
 */
export function wsdSchedule(options: WarmUp & WsdOptions = {}): Schedule {
  const { decayRatio, decaySteps, decay = 'cosine', minRatio = 0, ...given } = options
  const warmUp = readWarmUp(given, 0.1)
  const decaying = readSteps('decay', decayRatio, decaySteps, 0.1)
  const course = Object.hasOwn(DECAYS, decay) ? DECAYS[decay] : undefined
  if (!course) {
    throw new TrainingError(`decay is ${decay}, expected one of ${Object.keys(DECAYS).join(', ')}`)
  }
  checkRatio('minRatio', minRatio)
  const above = (share: number) => share * (1 - minRatio) + minRatio
  return (step, total) => {
    const rising = warmUp(total)
    const falling = decaying(total)
    if (step < rising) return above(step / rising)
    const begin = total - falling
    return step < begin ? 1 : above(course((step - begin) / falling))
  }
}

/** @param after rate for the share of the steps after the warm-up that are left, from 1 at the first of them */
const afterWarmUp =
  (warmUp: (total: number) => number, after: (left: number) => number): Schedule =>
  (step, total) => {
    const rising = warmUp(total)
    if (step < rising) return step / rising
    return after(Math.max(0, (total - step) / Math.max(1, total - rising)))
  }

function readWarmUp({ warmupRatio, warmupSteps }: WarmUp, ratio: number): (total: number) => number {
  const steps = readSteps('warmup', warmupRatio, warmupSteps, ratio)
  return total => (total > 1 ? steps(total) : 0)
}

function readSteps(
  part: 'warmup' | 'decay',
  ratio: number | undefined,
  steps: number | undefined,
  otherwise: number,
): (total: number) => number {
  if (steps === undefined) {
    const share = ratio ?? otherwise
    checkRatio(`${part}Ratio`, share)
    return total => Math.ceil(share * total)
  }
  if (ratio !== undefined) {
    throw new TrainingError(`${part}Ratio is ${ratio} and ${part}Steps is ${steps}. Give one of them`)
  }
  if (!Number.isInteger(steps) || steps < 0) {
    throw new TrainingError(`${part}Steps is ${steps}, expected 0 or a positive integer`)
  }
  return () => steps
}

function checkRatio(name: string, ratio: number): void {
  if (!(ratio >= 0 && ratio <= 1)) throw new TrainingError(`${name} is ${ratio}, expected 0 to 1`)
}
