/** The mean of rows of x [n, C], of unit length (at least 1e-12) if asked; zeros of no rows. */
export function poolTokens(x: ArrayLike<number>, C: number, normalize: boolean): Float64Array {
  const n = x.length / C
  const mean = new Float64Array(C)
  for (let i = 0; i < x.length; i++) mean[i % C]! += x[i]! / n
  if (!normalize) return mean
  const length = Math.max(1e-12, Math.hypot(...mean))
  return mean.map(v => v / length)
}
