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

/** Similarities of two vectors by their definitions. */
export const similarities = {
  cosine,
  dot: (a: ArrayLike<number>, b: ArrayLike<number>) => sum(a, b, (x, y) => x * y),
  negativeL1: (a: ArrayLike<number>, b: ArrayLike<number>) => 0 - sum(a, b, (x, y) => Math.abs(x - y)),
  negativeL2: (a: ArrayLike<number>, b: ArrayLike<number>) =>
    0 - Math.sqrt(sum(a, b, (x, y) => (x - y) * (x - y))),
}

function sum(a: ArrayLike<number>, b: ArrayLike<number>, term: (x: number, y: number) => number): number {
  let total = 0
  for (let e = 0; e < a.length; e++) total += term(a[e]!, b[e]!)
  return total
}

export type Similarity = (a: ArrayLike<number>, b: ArrayLike<number>) => number

export interface Match {
  readonly row: number
  readonly similarity: number
}

/** The first row of `bank` more similar to `x` than `threshold`, among those accepted. */
export function first(
  similarity: Similarity,
  x: ArrayLike<number>,
  bank: readonly ArrayLike<number>[],
  threshold: number,
  counts: (row: number) => boolean = () => true,
): Match | null {
  for (let row = 0; row < bank.length; row++) {
    const s = similarity(x, bank[row]!)
    if (counts(row) && s > threshold) return { row, similarity: s }
  }
  return null
}
