/** Sum of squares in double precision. */
export function squaredLength(x: Float32Array): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]! * x[i]!
  return sum
}

/**
 * Cosine of the angle between x and y in double precision, summed in the order of the elements, in [−1, 1].
 * Equal vectors give exactly 1, and no f32 values overflow. `xx` and `yy` are the squared lengths.
 */
export function cosine(x: Float32Array, y: Float32Array, xx: number, yy: number): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!
  return Math.max(-1, Math.min(1, sum / Math.sqrt(xx * yy)))
}

/**
 * How far the similarity that the shaders compute may be from `cosine`, for rows of `width` values.
 *
 * WGSL lets each operation round to either neighbour, u = 2⁻²³. A dot product and a sum of squares each take
 * width / 4 + 4 additions one after the other; the norms count twice, but by half. inverseSqrt is exact to 2
 * ulp, and two products follow it. So 2 (width / 4 + 4) u + 2 · 3 u = (width + 28) · 2⁻²⁴, rounded up for
 * terms of second order, subnormal numbers and the threshold's own rounding.
 */
export const similarityBand = (width: number): number => (width + 64) * 2 ** -24
