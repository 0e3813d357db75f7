import { field, isFields, kindOf } from './fields'

/** What a column of a row holds: one number, a list of them, or neither and why. */
export type ColumnNumbers = number | readonly number[] | { readonly problem: string }

/**
 * The numbers in a column of a row, all of them finite. Text that is the JSON of a number or of a list of numbers
 * counts as these: a CSV file has nothing but text.
 *
 * @param raw the row's own object
 */
export function columnNumbers(raw: unknown, column: string): ColumnNumbers {
  const name = JSON.stringify(column)
  const value = parsed(isFields(raw) ? field(raw, column) : undefined)
  if (value === undefined) return { problem: `the row has no column ${name}` }
  const list = Array.isArray(value) || isTypedArray(value) ? Array.from<unknown>(value) : null
  if (!list) {
    const number = numberOf(value)
    return number ?? { problem: `${name} is ${kind(value)}, expected a number or a list of numbers` }
  }
  const numbers: number[] = []
  for (const [i, entry] of list.entries()) {
    const number = numberOf(entry)
    if (number === null) return { problem: `${name}: value ${i + 1} is ${kind(entry)}, expected a number` }
    numbers.push(number)
  }
  return numbers
}

function parsed(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[-[\d]/.test(value)) return value
  try {
    return JSON.parse(value) as unknown
  } catch {
    return value
  }
}

/** A finite number; Parquet's 64-bit integers come as bigint. */
function numberOf(value: unknown): number | null {
  const number = typeof value === 'bigint' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : null
}

const isTypedArray = (value: unknown): value is ArrayLike<unknown> =>
  ArrayBuffer.isView(value) && !(value instanceof DataView)

const kind = (value: unknown): string => (typeof value === 'number' ? String(value) : kindOf(value))
