import type { Score } from '../scoring/scorer'
import { type Budget, budgetMeter, checkBudget } from './budget'
import { excluded, invalid, keepFirst, measured } from './keep-first'
import { checkSeed, randomKey } from './random-key'
import { SelectionError } from './selection-error'
import type { Selector } from './selector'

export interface PerplexityBandOptions {
  /** Percentile at which the band begins, 0 to 100. */
  readonly low: number
  /** Percentile at which it ends. */
  readonly high: number
  readonly budget: Budget
  readonly seed: number
}

/**
 * Rows of low, middling or high perplexity (Ankner et al. 2024, arXiv 2405.20541; which band is best depends on
 * the data).
 *
 * The pool's score is the perplexity, or the loss: only its order counts. A row's percentile is 100 · (rows below
 * + ½ · rows that equal it, itself included) / rows, over the rows whose score is a finite number; so equal rows
 * have one percentile, and the order of the file plays no part. Both ends belong to the band. What the budget
 * keeps of the band is drawn with the seed: positions are those of the draw. The value of an outcome is its score.
 *
 * @throws {SelectionError} if an option is out of its range
 */
export function perplexityBand({ low, high, budget, seed }: PerplexityBandOptions): Selector {
  checkBudget('perplexity-band', budget)
  checkSeed('perplexity-band', seed)
  if (!(low >= 0 && low <= high && high <= 100)) {
    throw new SelectionError(
      `perplexity-band: the band is ${low} to ${high}, expected percentiles with 0 ≤ low ≤ high ≤ 100`,
    )
  }
  return {
    name: 'perplexity-band',
    async select({ items }, options) {
      const meter = budgetMeter('perplexity-band', budget, items)
      const sorted = Float64Array.from(
        items.flatMap(({ score }) => (isFiniteScore(score) ? [score] : [])),
      ).sort()
      return keepFirst(
        items,
        item => meter.take(item),
        item => {
          const score = measured('score', item.score)
          if (typeof score !== 'number') return invalid(score.missing, item.score)
          const percentile = percentileOf(score, sorted)
          if (percentile >= low && percentile <= high) {
            return { key: randomKey(seed, 'perplexity-band', item.id), value: score }
          }
          const where = percentile < low ? `below ${low}` : `above ${high}`
          return excluded(
            `its score ${score} is at percentile ${Number(percentile.toFixed(2))}, ${where}`,
            score,
          )
        },
        options,
      )
    },
  }
}

const isFiniteScore = (score: Score): score is number => Number.isFinite(score)

/** The percentile of a score among the sorted ones, of which it is one. */
function percentileOf(score: number, sorted: Float64Array): number {
  const below = count(sorted, other => other < score)
  const upTo = count(sorted, other => other <= score)
  return (50 * (below + upTo)) / sorted.length
}

/** How many of the sorted values pass a test that those at the beginning pass. */
function count(sorted: Float64Array, passes: (value: number) => boolean): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (passes(sorted[middle]!)) low = middle + 1
    else high = middle
  }
  return low
}
