import { GenerationError } from './generation-error'
import {
  banRepeatedNgrams,
  type Candidates,
  candidatesOf,
  indexOfLargest,
  minP,
  penalizeRepetition,
  softmax,
  topK,
  topP,
  withTemperature,
} from './logit-filters'

/**
 * How the next token is chosen. What changes logits acts in the order in which it stands here and means what it means
 * in transformers' `generate`; by default nothing does.
 */
export interface SamplingOptions {
  /** Above 1, tokens of prompt and answer become less likely, as in CTRL; 1 leaves them. */
  readonly repetitionPenalty?: number
  /** No run of so many tokens comes twice in prompt and answer; 0 lets them. */
  readonly noRepeatNgram?: number
  /** Logits are divided by it; 0 takes the most likely token. */
  readonly temperature?: number
  /** So many of the most likely tokens are left; 0 leaves all. */
  readonly topK?: number
  /** The most likely tokens that make up this probability are left; 1 leaves all. */
  readonly topP?: number
  /** Tokens at least so many times as likely as the most likely one are left; 0 leaves all. */
  readonly minP?: number
  /** The same seed gives the same text on the same adapter. */
  readonly seed?: number
}

const within = (low: number, high: number) => (n: number) => n >= low && n <= high
const count = (n: number) => Number.isSafeInteger(n) && n >= 0

const ranges: Readonly<Record<keyof SamplingOptions, readonly [string, (n: number) => boolean]>> = {
  repetitionPenalty: ['a positive number', n => n > 0 && Number.isFinite(n)],
  noRepeatNgram: ['0 or a whole number above', count],
  temperature: ['0 or a number above', n => n >= 0 && Number.isFinite(n)],
  topK: ['0 or a whole number above', count],
  topP: ['a number from 0 to 1', within(0, 1)],
  minP: ['a number from 0 to 1', within(0, 1)],
  seed: ['0 or a whole number above', count],
}

/** @throws {GenerationError} naming the option that is out of its range */
export function checkSampling(options: SamplingOptions): void {
  for (const [name, [wanted, ok]] of Object.entries(ranges)) {
    const value = options[name as keyof SamplingOptions]
    if (value !== undefined && !ok(value)) {
      throw new GenerationError(`${name} is ${value}, expected ${wanted}`)
    }
  }
}

/** Whether the token is simply that of the largest logit, which the GPU can find by itself. */
export const isPlainGreedy = ({
  temperature = 0,
  repetitionPenalty = 1,
  noRepeatNgram = 0,
}: SamplingOptions) => temperature === 0 && repetitionPenalty === 1 && noRepeatNgram === 0

/**
 * The tokens that are left by a temperature above 0, with the probabilities they are drawn with.
 *
 * @param logits [V]
 * @param occurred ids of the prompt and of the answer so far
 * @throws {GenerationError} if a logit is not finite, or no token is left
 */
export function tokenProbabilities(
  logits: Float32Array,
  occurred: readonly number[],
  options: SamplingOptions,
): { readonly ids: Uint32Array; readonly probabilities: Float64Array } {
  const { temperature = 1, topK: K = 0, topP: P = 1, minP: least = 0 } = options
  let left = withTemperature(allowed(logits, occurred, options), temperature)
  if (K > 0) left = topK(left, K)
  if (P < 1) left = topP(left, P)
  if (least > 0) left = minP(left, least)
  return { ids: left.ids, probabilities: softmax(left.logits) }
}

/**
 * Chooses a token: at temperature 0 that of the largest logit (the lowest id of equal ones), else by
 * `tokenProbabilities` and the `step`-th number of the seed's sequence.
 *
 * @param occurred ids of the prompt and of the answer so far
 * @throws {GenerationError} if a logit is not finite, or no token is left
 */
export function sampleToken(
  logits: Float32Array,
  step: number,
  options: SamplingOptions,
  occurred: readonly number[] = [],
): number {
  const { temperature = 0, seed = 0 } = options
  if (temperature === 0) {
    const left = allowed(logits, occurred, options)
    return left.ids[indexOfLargest(left.logits)]!
  }
  const { ids, probabilities } = tokenProbabilities(logits, occurred, options)
  let rest = uniform(seed, step)
  for (let i = 0; i < ids.length; i++) {
    rest -= probabilities[i]!
    if (rest < 0) return ids[i]!
  }
  // Rounding can leave a sum just below 1.
  return ids[indexOfLargest(probabilities)]!
}

function allowed(
  logits: Float32Array,
  occurred: readonly number[],
  { repetitionPenalty = 1, noRepeatNgram = 0 }: SamplingOptions,
): Candidates {
  for (let id = 0; id < logits.length; id++) {
    if (!Number.isFinite(logits[id]!)) throw notFinite(`the logit of token ${id} is ${logits[id]}`)
  }
  const changed = new Float64Array(logits)
  if (repetitionPenalty !== 1) penalizeRepetition(changed, occurred, repetitionPenalty)
  if (noRepeatNgram > 0) banRepeatedNgrams(changed, occurred, noRepeatNgram)
  return candidatesOf(changed)
}

/** What is thrown for logits that say nothing. */
export const notFinite = (what: string) =>
  new GenerationError(
    `${what}, expected finite numbers: the weights or the adapter hold NaN, infinity or values too large for them`,
  )

/** A number in [0, 1) from two counters: SplitMix32's finalizer over their combination. */
function uniform(seed: number, step: number): number {
  let h = Math.imul(seed ^ Math.imul(Math.floor(seed / 2 ** 32), 0xc2b2ae35) ^ 0x9e3779b9, 0x85ebca6b)
  h = (h + Math.imul(step + 1, 0x9e3779b9)) | 0
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad)
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97)
  return ((h ^ (h >>> 15)) >>> 0) / 2 ** 32
}
