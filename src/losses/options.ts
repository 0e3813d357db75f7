import type { Divergence } from './divergence'
import { LossError, type TokenChoice } from './loss'

/** Options that every loss over pairs takes. */
export interface PairLossOptions {
  /** How much log-ratios count in the loss, per nat: the larger, the closer the model is held to its reference. */
  readonly beta?: number
  /** Which tokens of the answers count. */
  readonly tokens?: TokenChoice
}

/** Options of losses over a margin of scores. */
export interface DivergentOptions extends PairLossOptions {
  /** What turns log-ratios into scores. */
  readonly divergence?: Divergence
}

export interface SmoothedOptions {
  /** Share of the pairs that are taken to be the wrong way round, ε. */
  readonly labelSmoothing?: number
}

/**
 * The options given, with defaults for those that are not.
 *
 * @throws {LossError} naming an option that the loss does not have, a number that is not finite, or a β of 0 or below
 */
export function readOptions<T extends object>(loss: string, given: Partial<T>, defaults: T): T {
  const known = Object.keys(defaults)
  const read = { ...defaults } as Record<string, unknown>
  for (const [option, value] of Object.entries(given)) {
    if (!known.includes(option)) {
      throw new LossError(`${loss}: ${option} is none of its options, which are ${known.join(', ')}`)
    }
    if (value === undefined) continue
    if (typeof read[option] === 'number' && !Number.isFinite(value)) {
      throw new LossError(`${loss}: ${option} is ${value}, expected a number`)
    }
    read[option] = value
  }
  if ('beta' in read && !((read.beta as number) > 0)) {
    throw new LossError(`${loss}: beta is ${read.beta}, expected a number above 0`)
  }
  return read as T
}

/** @throws {LossError} naming loss, option and value unless it `holds` */
export function check(loss: string, option: string, value: unknown, holds: boolean, wanted: string): void {
  if (!holds) throw new LossError(`${loss}: ${option} is ${value}, expected ${wanted}`)
}

/**
 * What the two logistic losses of a pair count: as it is labelled, and the other way round.
 *
 * @throws {LossError} if ε is below 0, or ½ or above
 */
export function smoothing(loss: string, labelSmoothing: number): { kept: number; flipped: number } {
  const holds = labelSmoothing >= 0 && labelSmoothing < 0.5
  check(loss, 'labelSmoothing', labelSmoothing, holds, '0 or more and less than 0.5')
  return { kept: 1 - labelSmoothing, flipped: labelSmoothing }
}
