/** The value below which `share` of the values lie, between two of them by their distance. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = share * (sorted.length - 1)
  const below = Math.floor(at)
  const low = sorted[below] ?? Number.NaN
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN
  return low + (high - low) * (at - below)
}

/** The middle value, or the mean of the two in the middle. */
export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** A number as a table shows it: so many digits that count, no exponent. */
export function significant(value: number, digits = 3): number {
  if (value === 0 || !Number.isFinite(value)) return value
  const places = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(value))))
  return Number(value.toFixed(Math.min(20, places)))
}
