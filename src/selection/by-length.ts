import { type Budget, budgetMeter, checkBudget } from './budget'
import { excluded, invalid, keepFirst, measured } from './keep-first'
import { SelectionError } from './selection-error'
import type { Selector } from './selector'

export interface ByLengthOptions {
  readonly budget: Budget
  readonly order: 'longest' | 'shortest'
  /** Rows with fewer tokens are left out. */
  readonly min?: number
  /** Rows with more tokens are left out. */
  readonly max?: number
}

/**
 * The longest rows, or the shortest: a baseline that is hard to beat (arXiv 2402.04833, 2410.09335).
 *
 * Rows with at least `min` and at most `max` tokens are taken by length, those of equal length by index. The value
 * of an outcome is its number of tokens.
 *
 * @throws {SelectionError} if an option is out of its range
 */
export function byLength({ budget, order, min = 0, max = Infinity }: ByLengthOptions): Selector {
  checkBudget('by-length', budget)
  if (order !== 'longest' && order !== 'shortest') {
    throw new SelectionError(`by-length: order is ${order}, expected 'longest' or 'shortest'`)
  }
  if (!(min >= 0 && min <= max)) {
    throw new SelectionError(`by-length: min is ${min} and max is ${max}, expected 0 ≤ min ≤ max`)
  }
  return {
    name: 'by-length',
    async select({ items }, options) {
      const meter = budgetMeter('by-length', budget, items)
      return keepFirst(
        items,
        item => meter.take(item),
        ({ tokens }) => {
          const length = measured('length in tokens', tokens)
          if (typeof length !== 'number') return invalid(length.missing)
          if (length < 0) return invalid(`its length in tokens is ${length}`)
          if (length < min) return excluded(`it has ${length} tokens, fewer than ${min}`, length)
          if (length > max) return excluded(`it has ${length} tokens, more than ${max}`, length)
          return { key: order === 'longest' ? -length : length, value: length }
        },
        options,
      )
    },
  }
}
