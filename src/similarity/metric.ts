/** Numbers between which the shaders' sums say neither yes nor no. */
export interface Limits {
  /** A sum at or below it, on its generous side, belongs to a pair below the threshold. */
  readonly lower: number
  /** A sum above it, taken on its cautious side, belongs to a pair above the threshold. */
  readonly upper: number
}

/**
 * How alike two vectors are: larger is more alike. What decides is `similarity`, in double precision from the
 * vectors as given; the shaders only find the pairs that it has to be asked about.
 */
export interface Metric {
  readonly name: string
  /** Smallest and largest similarity there is. */
  readonly range: readonly [number, number]
  /** Whether only directions count: then a zero vector is like nothing. */
  readonly directional: boolean
  /** What the shaders sum; see shaders/lib/similarity-tile.wgsl. */
  readonly term: Term
  /**
   * The similarity of x and y, summed in the order of the elements. `xx` and `yy` are their squared lengths.
   * Swapping x and y changes no bit.
   */
  similarity(x: Float32Array, y: Float32Array, xx: number, yy: number): number
  /** What the sums over rows of `width` values are to be compared with, for a threshold. */
  limits(threshold: number, width: number): Limits
  /**
   * A limit such that a pair at least as alike as one with the sum `sum` (on its cautious side) has a sum (on
   * its generous side) above it.
   */
  below(sum: number, width: number): number
}

/** The terms of a sum: products, negative differences, negative squares of differences. */
export type Term = 'product' | 'difference' | 'square'

/** Sum of squares in double precision. */
export function squaredLength(x: Float32Array): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]! * x[i]!
  return sum
}

function dotProduct(x: Float32Array, y: Float32Array): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!
  return sum
}

/**
 * How far rounding may take the shaders' Σ x y, in units of |x| |y|, for rows of `width` values.
 *
 * WGSL lets each operation round to either neighbour, u = 2⁻²³. A sum of products takes width / 4 + 4
 * additions one after the other, and by Cauchy and Schwarz Σ |x y| ≤ |x| |y|. For unit rows a sum of squares
 * comes before that; the norms count twice, but by half, inverseSqrt is exact to 2 ulp, and two products
 * follow it. So 2 (width / 4 + 4) u + 2 · 3 u = (width + 28) · 2⁻²⁴, rounded up for terms of second order,
 * the comparison's own roundings and those of `dot` in another order.
 */
export const productBand = (width: number): number => (width + 64) * 2 ** -24

/**
 * How far rounding may take the shaders' Σ |x − y| or Σ (x − y)², in units of itself: the terms have one
 * sign. A difference, a square and width / 4 + 4 additions, each good to 2⁻²³, make (width / 2 + 14) · 2⁻²⁴.
 */
const distanceBand = productBand

/** Covers what adapters that flush subnormal numbers may lose, for values below 2⁴⁸. */
const SUBNORMAL = 2 ** -60
/** The largest number that shaders are given: WGSL may assume that infinity never occurs. */
export const LARGEST = 3e38
/** More than a threshold loses when it becomes an f32. */
const ULP = 2 ** -22

const finite = (x: number) => Math.max(-LARGEST, Math.min(LARGEST, x))

/** Of metrics that sum products; rounding of the sums is in the rows' bounds (shaders/prepare-rows.wgsl). */
const products = {
  term: 'product' as const,
  limits(threshold: number): Limits {
    const margin = Math.abs(threshold) * ULP + SUBNORMAL
    return { lower: finite(threshold - margin), upper: finite(threshold + margin) }
  },
  below: (sum: number) => finite(sum - Math.abs(sum) * ULP - SUBNORMAL),
}

/** Of metrics that sum a negative distance; `power` makes a distance such a sum. */
const distances = (term: Term, power: (distance: number) => number) => ({
  term,
  range: [Number.NEGATIVE_INFINITY, 0] as const,
  directional: false,
  limits(threshold: number, width: number): Limits {
    const sum = Math.min(Number.MAX_VALUE / 2, power(Math.max(0, -threshold)))
    const margin = 2 * distanceBand(width) * sum + SUBNORMAL
    return { lower: finite(-sum - margin), upper: finite(margin - sum) }
  },
  below: (sum: number, width: number) => finite(sum * (1 + 4 * distanceBand(width)) - SUBNORMAL),
})

/**
 * Cosine of the angle between two vectors, in [−1, 1]. Equal vectors give exactly 1, and no f32 values
 * overflow.
 */
export const cosine: Metric = {
  name: 'cosine',
  range: [-1, 1],
  directional: true,
  ...products,
  similarity: (x, y, xx, yy) => Math.max(-1, Math.min(1, dotProduct(x, y) / Math.sqrt(xx * yy))),
}

/** Dot product. */
export const dot: Metric = {
  name: 'dot',
  range: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  directional: false,
  ...products,
  similarity: dotProduct,
}

/** Minus the Manhattan distance Σ |x − y|: 0 for equal vectors. */
export const negativeL1: Metric = {
  name: 'negative-l1',
  ...distances('difference', distance => distance),
  similarity(x, y) {
    let sum = 0
    for (let i = 0; i < x.length; i++) sum += Math.abs(x[i]! - y[i]!)
    return 0 - sum
  },
}

/** Minus the Euclidean distance √ Σ (x − y)²: 0 for equal vectors. */
export const negativeL2: Metric = {
  name: 'negative-l2',
  ...distances('square', distance => distance * distance),
  similarity(x, y) {
    let sum = 0
    for (let i = 0; i < x.length; i++) sum += (x[i]! - y[i]!) ** 2
    return 0 - Math.sqrt(sum)
  },
}
