/** Cosine of two vectors by the definition; nothing beyond ±1 by rounding. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let ab = 0
  let aa = 0
  let bb = 0
  for (let e = 0; e < a.length; e++) {
    ab += a[e]! * b[e]!
    aa += a[e]! * a[e]!
    bb += b[e]! * b[e]!
  }
  return Math.min(1, Math.max(-1, ab / Math.sqrt(aa * bb)))
}

export interface Match {
  readonly row: number
  readonly similarity: number
}

/** The first row of `bank` more similar to `x` than `threshold`, among those accepted. */
export function first(
  x: ArrayLike<number>,
  bank: readonly ArrayLike<number>[],
  threshold: number,
  counts: (row: number) => boolean = () => true,
): Match | null {
  for (let row = 0; row < bank.length; row++) {
    const similarity = cosine(x, bank[row]!)
    if (counts(row) && similarity > threshold) return { row, similarity }
  }
  return null
}

/** The row of `bank` most similar to `x`, the first of equal ones. */
export function nearest(x: ArrayLike<number>, bank: readonly ArrayLike<number>[]): Match | null {
  let best: Match | null = null
  for (let row = 0; row < bank.length; row++) {
    const similarity = cosine(x, bank[row]!)
    if (!best || similarity > best.similarity) best = { row, similarity }
  }
  return best
}
