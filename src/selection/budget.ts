import type { Candidate } from './pool'
import { SelectionError } from './selection-error'

/**
 * How much to keep at most: a number of rows (Infinity for no limit), a fraction of the pool's rows, rounded
 * up, or a number of tokens.
 */
export type Budget = number | { readonly fraction: number } | { readonly tokens: number }

/** Counts what has been kept against a budget. */
export interface BudgetMeter<Item> {
  /** Rows that may still be kept at most; with a budget in tokens, as many as there are. */
  readonly room: number
  /**
   * Whether the item may be kept. A budget in tokens ends with the first row that exceeds it, so that what is
   * kept is the beginning of what a larger budget keeps.
   */
  take(item: Item): boolean
  /** Whether nothing more can be kept. */
  readonly full: boolean
}

/** @throws {SelectionError} naming `who` if the budget is none */
export function checkBudget(who: string, budget: Budget): void {
  if (typeof budget === 'number') {
    if (budget === Infinity || (Number.isSafeInteger(budget) && budget >= 0)) return
    throw new SelectionError(
      `${who}: budget is ${budget}, expected how many rows to keep: 0 or a whole number above, or Infinity`,
    )
  }
  if ('fraction' in budget) {
    if (budget.fraction >= 0 && budget.fraction <= 1) return
    throw new SelectionError(`${who}: budget is the fraction ${budget.fraction}, expected 0 to 1`)
  }
  if (budget.tokens >= 0) return
  throw new SelectionError(`${who}: budget is ${budget.tokens} tokens, expected 0 or a number above`)
}

/**
 * A meter for one run over `items`.
 *
 * @throws {SelectionError} naming `who` if the budget is in tokens and an item does not say how many it has
 */
export function budgetMeter<Item extends Candidate & { readonly tokens?: number }>(
  who: string,
  budget: Budget,
  items: readonly Item[],
): BudgetMeter<Item> {
  if (typeof budget === 'object' && 'tokens' in budget) return tokenMeter(who, budget.tokens, items)
  const rows = typeof budget === 'number' ? budget : rowsOfFraction(budget.fraction, items.length)
  let kept = 0
  return {
    get room() {
      return Math.min(rows - kept, items.length)
    },
    get full() {
      return kept >= rows
    },
    take() {
      if (kept >= rows) return false
      kept++
      return true
    },
  }
}

/** `fraction` of `n` rows, rounded up: of the decimal that was written, so that 0.07 of 100 is 7, not 8. */
const rowsOfFraction = (fraction: number, n: number): number =>
  Math.min(n, Math.ceil(Number((fraction * n).toPrecision(12))))

function tokenMeter<Item extends Candidate & { readonly tokens?: number }>(
  who: string,
  tokens: number,
  items: readonly Item[],
): BudgetMeter<Item> {
  for (const { id, tokens: length } of items) {
    if (length === undefined || !(length >= 0)) {
      throw new SelectionError(
        `${who}: the budget is in tokens, but row ${id} has ${length}; give every row its length`,
      )
    }
  }
  let left = tokens
  let full = tokens <= 0
  return {
    get room() {
      return full ? 0 : items.length
    },
    get full() {
      return full
    },
    take({ tokens: length = 0 }) {
      if (full || length > left) {
        full = true
        return false
      }
      left -= length
      full = left <= 0
      return true
    },
  }
}
