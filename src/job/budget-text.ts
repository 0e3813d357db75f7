import type { Budget } from '../selection/budget'

/** A budget as people type it, for error messages. */
export const BUDGET_FORMS = "a number of rows, a share such as 10%, a length such as 50000tokens, or 'all'"

/** Reads a budget that was typed: `6000`, `10%`, `50000tokens` or `all`; undefined if it is none. */
export function parseBudget(text: string): Budget | undefined {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*(%|tokens)?$/.exec(text.trim()) ?? []
  if (digits === undefined) return text.trim() === 'all' ? Infinity : undefined
  const value = Number(digits)
  if (unit === '%') return value <= 100 ? { fraction: value / 100 } : undefined
  if (!Number.isSafeInteger(value) || digits.includes('.')) return undefined
  return unit === 'tokens' ? { tokens: value } : value
}
