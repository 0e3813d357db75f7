/** Twice the square of 32000: the similarity of equal rows. */
export const ONE = 2_048_000_000

/** A row scaled to the length 32000 and rounded, halves upwards; null if it has no direction. */
export function rounded(x: ArrayLike<number>): number[] | null {
  const values = Array.from(x, Math.fround)
  if (!values.every(Number.isFinite)) return null
  if (values.every(v => Math.abs(v) < 2 ** -100)) return null
  const length = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0))
  return values.map(v => Math.floor((32000 * v) / length + 0.5))
}

/** The square of the distance of two rounded rows. */
export const squaredDistance = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, v, e) => sum + (v - b[e]!) ** 2, 0)

export const similarity = (a: readonly number[], b: readonly number[]): number => ONE - squaredDistance(a, b)
