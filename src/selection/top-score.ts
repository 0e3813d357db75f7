import { type Budget, budgetMeter, checkBudget } from './budget'
import { invalid, keepFirst, measured } from './keep-first'
import type { Selector } from './selector'

export interface TopScoreOptions {
  readonly budget: Budget
}

/**
 * The rows with the highest scores, those of equal score by index. A row whose score is no finite number is
 * invalid.
 *
 * @throws {SelectionError} if an option is out of its range
 */
export function topScore({ budget }: TopScoreOptions): Selector {
  checkBudget('top-score', budget)
  return {
    name: 'top-score',
    async select({ items }, options) {
      const meter = budgetMeter('top-score', budget, items)
      return keepFirst(
        items,
        item => meter.take(item),
        item => {
          const score = measured('score', item.score)
          return typeof score === 'number'
            ? { key: -score, value: score }
            : invalid(score.missing, item.score)
        },
        options,
      )
    },
  }
}
