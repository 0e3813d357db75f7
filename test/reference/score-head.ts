/** Expected score over the tokens of 1 … K, in double precision. */
export function scoreHead(
  h: ArrayLike<number>,
  w: ArrayLike<number>,
  ids: readonly number[],
  C: number,
): Float64Array {
  return Float64Array.from({ length: h.length / C }, (_, n) => {
    const z = ids.map(id => {
      let sum = 0
      for (let c = 0; c < C; c++) sum += h[n * C + c]! * w[id * C + c]!
      return sum
    })
    const most = Math.max(...z)
    const e = z.map(x => Math.exp(x - most))
    const total = e.reduce((a, b) => a + b, 0)
    return e.reduce((sum, x, k) => sum + (k + 1) * x, 0) / total
  })
}
