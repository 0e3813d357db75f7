import { type Budget, budgetMeter, checkBudget } from './budget'
import { excluded, invalid, keepFirst, measured } from './keep-first'
import { externalGap, sized } from './pair-gaps'
import type { PairItem } from './pool'
import { SelectionError } from './selection-error'
import type { Selector } from './selector'

/** A number in the quantity's own unit, or the quantile, 0 to 1, of the pool's values. */
export type Threshold = number | { readonly quantile: number }

export interface RipOptions {
  /** The least reward of the rejected answer. */
  readonly minReward?: Threshold
  /** The fewest tokens of the rejected answer. */
  readonly minTokens?: Threshold
  /** The largest gap between the chosen answer's reward and the rejected one's. */
  readonly maxGap?: Threshold
  /** Tokens are those of both answers. */
  readonly budget?: Budget
}

/**
 * Rejecting instruction preferences: prompts whose worst answer is still good (Yu et al. 2025, arXiv 2501.18578).
 *
 * A pair stays if its rejected answer's reward is at least `minReward`, that answer's length at least `minTokens`,
 * and the gap of the rewards at most `maxGap`; a threshold that is not given is not tested. In the paper an answer
 * of the best reward among many is paired with that of the worst. A quantile is taken over the pairs in which
 * everything tested is known, between two values linearly. Pairs are taken by ascending gap, those of equal gap by
 * index; the gap is the value of an outcome. So both rewards are needed whatever is tested.
 *
 * @throws {SelectionError} if an option is out of its range
 */
export function rip({ minReward, minTokens, maxGap, budget = Infinity }: RipOptions): Selector<PairItem> {
  checkBudget('rip', budget)
  checkThreshold('minReward', minReward)
  checkThreshold('minTokens', minTokens)
  checkThreshold('maxGap', maxGap)
  return {
    name: 'rip',
    async select({ items }, options) {
      const pairs = sized(items)
      const meter = budgetMeter('rip', budget, pairs)
      const all = items.map(item => measures(item, minTokens !== undefined))
      const known = all.filter(values => typeof values !== 'string')
      const least = bound(minReward, -Infinity, known, ({ reward }) => reward)
      const fewest = bound(minTokens, -Infinity, known, ({ tokens }) => tokens)
      const largest = bound(maxGap, Infinity, known, ({ gap }) => gap)
      return keepFirst(
        pairs,
        pair => meter.take(pair),
        (_, place) => {
          const values = all[place]!
          if (typeof values === 'string') return invalid(values)
          const { reward, tokens, gap } = values
          const problems = [
            reward < least ? `its rejected answer's reward ${reward} is below ${least}` : [],
            tokens < fewest ? `its rejected answer has ${tokens} tokens, fewer than ${fewest}` : [],
            gap > largest ? `its reward gap ${gap} is above ${largest}` : [],
          ].flat()
          return problems.length > 0 ? excluded(problems.join('; '), gap) : { key: gap, value: gap }
        },
        options,
      )
    },
  }
}

interface Measures {
  readonly reward: number
  readonly tokens: number
  readonly gap: number
}

/** What is tested of a pair, or why that is not known. Lengths that are not tested count as 0. */
function measures(item: PairItem, withTokens: boolean): Measures | string {
  const gap = externalGap(item)
  const tokens = withTokens ? measured("rejected answer's length", item.rejectedTokens) : 0
  if (typeof gap !== 'number') return gap.missing
  if (typeof tokens !== 'number') return tokens.missing
  // A gap is known only where both rewards are numbers.
  return { reward: item.rejectedReward as number, tokens, gap }
}

function checkThreshold(name: string, threshold: Threshold | undefined): void {
  if (threshold === undefined || (typeof threshold === 'number' && !Number.isNaN(threshold))) return
  if (typeof threshold === 'object' && threshold.quantile >= 0 && threshold.quantile <= 1) return
  const got = typeof threshold === 'object' ? `the quantile ${threshold.quantile}` : threshold
  throw new SelectionError(`rip: ${name} is ${got}, expected a number or a quantile from 0 to 1`)
}

function bound(
  threshold: Threshold | undefined,
  none: number,
  known: readonly Measures[],
  measure: (values: Measures) => number,
): number {
  if (threshold === undefined) return none
  return typeof threshold === 'number' ? threshold : quantile(known.map(measure), threshold.quantile)
}

/** The quantile q of values, between two neighbours linearly; NaN, which nothing is below or above, of none. */
function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) return Number.NaN
  const sorted = Float64Array.from(values).sort()
  const at = q * (sorted.length - 1)
  const below = Math.floor(at)
  const [a, b] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!]
  return a === b ? a : a + (b - a) * (at - below)
}
