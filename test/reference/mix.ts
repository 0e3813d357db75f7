/** alpha · x + (1 − alpha) · y in double precision. */
export const mix = (x: ArrayLike<number>, y: ArrayLike<number>, alpha: number): Float64Array =>
  Float64Array.from(x, (value, i) => alpha * value + (1 - alpha) * y[i]!)
