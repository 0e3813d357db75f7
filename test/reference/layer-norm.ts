/** Layer normalization of rows in double precision: x [N, C], w and b [C]. */
export function layerNorm(
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  b: ArrayLike<number>,
  eps: number,
): Float64Array {
  const C = w.length
  const { normed } = normalize(x, C, eps)
  return normed.map((h, i) => h * w[i % C]! + b[i % C]!)
}

/** Gradients of Σ dy·layerNorm(x, w, b). */
export function layerNormBackward(
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  dy: ArrayLike<number>,
  eps: number,
) {
  const C = w.length
  const { normed, rstd } = normalize(x, C, eps)
  const dx = new Float64Array(x.length)
  const dw = new Float64Array(C)
  const db = new Float64Array(C)
  rstd.forEach((r, n) => {
    let slope = 0
    let product = 0
    for (let i = n * C; i < n * C + C; i++) {
      const g = w[i % C]! * dy[i]!
      slope += g / C
      product += (g * normed[i]!) / C
      dw[i % C]! += dy[i]! * normed[i]!
      db[i % C]! += dy[i]!
    }
    for (let i = n * C; i < n * C + C; i++) dx[i] = r * (w[i % C]! * dy[i]! - slope - normed[i]! * product)
  })
  return { dx, dw, db }
}

function normalize(x: ArrayLike<number>, C: number, eps: number) {
  const normed = new Float64Array(x.length)
  const rstd = new Float64Array(x.length / C)
  for (let n = 0; n < rstd.length; n++) {
    const row = Array.from({ length: C }, (_, c) => x[n * C + c]!)
    const mean = row.reduce((a, v) => a + v, 0) / C
    const variance = row.reduce((a, v) => a + (v - mean) ** 2, 0) / C
    rstd[n] = 1 / Math.sqrt(variance + eps)
    row.forEach((v, c) => {
      normed[n * C + c] = (v - mean) * rstd[n]!
    })
  }
  return { normed, rstd }
}
