import { type Budget, budgetMeter, checkBudget } from './budget'
import { excluded, invalid, keepFirst, measured } from './keep-first'
import { SelectionError } from './selection-error'
import type { Selector } from './selector'

export interface SuperfilteringOptions {
  readonly budget: Budget
  /** Rows with this IFD or a higher one are left out. */
  readonly limit?: number
}

/**
 * Superfiltering: the hardest instructions that still help (Li et al. 2024, arXiv 2402.00530).
 *
 * The pool's score is the instruction-following difficulty, IFD = PPL(answer | instruction) / PPL(answer). From 1
 * on the instruction does not help to predict the answer, so the two hardly belong together: such rows are left
 * out. The others are taken by descending IFD, those of equal IFD by index. A fraction is one of the pool; the
 * released code takes it of 52002, Alpaca's rows.
 *
 * @throws {SelectionError} if an option is out of its range
 */
export function superfiltering({ budget, limit = 1 }: SuperfilteringOptions): Selector {
  checkBudget('superfiltering', budget)
  if (!(limit > 0)) {
    throw new SelectionError(`superfiltering: limit is ${limit}, expected an IFD above 0`)
  }
  return {
    name: 'superfiltering',
    async select({ items }, options) {
      const meter = budgetMeter('superfiltering', budget, items)
      return keepFirst(
        items,
        item => meter.take(item),
        item => {
          const difficulty = measured('IFD', item.score)
          if (typeof difficulty !== 'number') return invalid(difficulty.missing, item.score)
          if (difficulty < limit) return { key: -difficulty, value: difficulty }
          const reason = `its IFD ${difficulty} is not below ${limit}: its instruction does not help to predict its answer`
          return excluded(reason, difficulty)
        },
        options,
      )
    },
  }
}
