/** The mean of the rows of x [n, C] in double precision; zeros if there is none. */
export function meanPool(x: ArrayLike<number>, C: number): Float64Array {
  const y = new Float64Array(C)
  const n = x.length / C
  for (let i = 0; i < x.length; i++) y[i % C]! += x[i]! / n
  return y
}
