/** Σ_i w_i x_i of rows x [n, C] with w_i = i / Σ_j j, i from 1; zeros of no rows. */
export function positionWeightedMean(x: ArrayLike<number>, C: number): Float64Array {
  const n = x.length / C
  let weights = 0
  for (let i = 1; i <= n; i++) weights += i
  const mean = new Float64Array(C)
  for (let i = 1; i <= n; i++) {
    for (let c = 0; c < C; c++) mean[c]! += (i / weights) * x[(i - 1) * C + c]!
  }
  return mean
}
