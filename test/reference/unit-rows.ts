/** Rows of x [N, C] over their lengths in double precision, as `torch.nn.functional.normalize`. */
export function unitRows(x: ArrayLike<number>, C: number): Float64Array {
  const y = Float64Array.from(x)
  for (let n = 0; n < y.length; n += C) {
    const row = y.subarray(n, n + C)
    const length = Math.max(Math.sqrt(row.reduce((sum, v) => sum + v * v, 0)), 1e-12)
    row.forEach((v, c) => {
      row[c] = v / length
    })
  }
  return y
}
