import { last, ofNumbers, type Reduce } from './reduce'
import { ScorerError } from './scorer-error'

/** Makes one number of the scores of an exchange. */
export interface Combine {
  /** Which scores it takes, and their order; null for all of the scorer's. Others may be missing. */
  readonly keys: readonly string[] | null
  readonly of: Reduce
}

/** The product of all scores, as Deita's complexity × quality. */
export const product: Combine = {
  keys: null,
  of: ofNumbers(values => values.reduce((a, b) => a * b, 1)),
}

/** The n-th root of the product of all n scores, none of which may be negative. */
export const geometricMean: Combine = {
  keys: null,
  of: ofNumbers(values => {
    const negative = values.find(value => value < 0)
    if (negative !== undefined)
      return { missing: `a geometric mean takes no negative score, and one is ${negative}` }
    // Each root first: the product of many large scores may exceed the largest number.
    return values.reduce((mean, value) => mean * value ** (1 / values.length), 1)
  }),
}

/**
 * Σ weight · score over the keys that have a weight.
 *
 * @throws {ScorerError} if there is none, or if a weight is no finite number
 */
export function weightedSum(weights: Readonly<Record<string, number>>): Combine {
  const keys = Object.keys(weights)
  if (keys.length === 0)
    throw new ScorerError('weightedSum: there are no weights; give one for each score that counts')
  for (const key of keys) {
    if (Number.isFinite(weights[key])) continue
    throw new ScorerError(`weightedSum: the weight of ${key} is ${weights[key]}, expected a finite number`)
  }
  return {
    keys,
    of: ofNumbers(values => values.reduce((sum, value, i) => sum + weights[keys[i]!]! * value, 0)),
  }
}

/** One score as it is. */
export const only = (key: string): Combine => ({ keys: [key], of: last })

/** The same of some scores: `over(product, 'complexity', 'quality')` where a scorer gives more. */
export const over = ({ of }: Combine, ...keys: readonly string[]): Combine => ({ keys, of })
