import { type Budget, budgetMeter, checkBudget } from './budget'
import { excluded, invalid, keepFirst } from './keep-first'
import { lengthGap, sized } from './pair-gaps'
import type { PairItem } from './pool'
import { SelectionError } from './selection-error'
import type { Selector } from './selector'

export interface SimilarLengthsOptions {
  /** Pairs whose answers' lengths differ by more tokens are left out. */
  readonly maxGap: number
  /** Tokens are those of both answers. */
  readonly budget?: Budget
}

/**
 * Pairs whose answers are about as long as each other, so that training on them teaches no preference for length.
 *
 * Pairs are taken by ascending |tokens of the chosen − tokens of the rejected|, those of equal gap by index. The
 * value of an outcome is the gap, above 0 where the chosen answer is the longer one.
 *
 * @throws {SelectionError} if an option is out of its range
 */
export function similarLengths({ maxGap, budget = Infinity }: SimilarLengthsOptions): Selector<PairItem> {
  checkBudget('similar-lengths', budget)
  if (!(maxGap >= 0))
    throw new SelectionError(`similar-lengths: maxGap is ${maxGap}, expected 0 or more tokens`)
  return {
    name: 'similar-lengths',
    async select({ items }, options) {
      const pairs = sized(items)
      const meter = budgetMeter('similar-lengths', budget, pairs)
      return keepFirst(
        pairs,
        pair => meter.take(pair),
        (_, place) => {
          const gap = lengthGap(items[place]!)
          if (typeof gap !== 'number') return invalid(gap.missing)
          const size = Math.abs(gap)
          if (size <= maxGap) return { key: size, value: gap }
          const longer = gap > 0 ? 'chosen' : 'rejected'
          return excluded(`its ${longer} answer is ${size} tokens longer, more than ${maxGap}`, gap)
        },
        options,
      )
    },
  }
}
