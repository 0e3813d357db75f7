import { type Budget, budgetMeter, checkBudget } from './budget'
import { keepFirst } from './keep-first'
import { contentOf } from './ranking'
import type { Selector } from './selector'

export interface ExactDuplicatesOptions {
  /** How many distinct rows to keep at most; all of them, unless given. */
  readonly budget?: Budget
}

/**
 * Removes copies: of rows with the same content the one with the smallest index is kept.
 *
 * Content is `content`, or else `text`, as it is: another letter case, another space or another Unicode form is
 * another content. Rows are taken by index; the score plays no part, and the value of an outcome is null.
 *
 * @throws {SelectionError} if an option is out of its range
 */
export function exactDuplicates({ budget = Infinity }: ExactDuplicatesOptions = {}): Selector {
  checkBudget('exact-duplicates', budget)
  return {
    name: 'exact-duplicates',
    async select({ items }, options) {
      const meter = budgetMeter('exact-duplicates', budget, items)
      const first = new Map<string, number>()
      for (const item of items) {
        const other = first.get(contentOf(item))
        if (other === undefined || item.index < other) first.set(contentOf(item), item.index)
      }
      return keepFirst(
        items,
        item => meter.take(item),
        item => {
          const of = first.get(contentOf(item))!
          return of === item.index
            ? { key: item.index, value: null }
            : { out: { kind: 'duplicate', of }, value: null }
        },
        options,
      )
    },
  }
}
