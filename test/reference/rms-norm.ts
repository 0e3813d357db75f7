/** Root-mean-square normalization of rows in double precision, times offset + w: x [N, C], w [C]. */
export function rmsNorm(x: ArrayLike<number>, w: ArrayLike<number>, eps: number, offset = 0) {
  const C = w.length
  const y = new Float64Array(x.length)
  const rstd = new Float64Array(x.length / C)
  for (let n = 0; n < rstd.length; n++) {
    let squares = 0
    for (let c = 0; c < C; c++) squares += x[n * C + c]! ** 2
    rstd[n] = 1 / Math.sqrt(squares / C + eps)
    for (let c = 0; c < C; c++) y[n * C + c] = x[n * C + c]! * rstd[n]! * (offset + w[c]!)
  }
  return { y, rstd }
}

/** Gradients of Σ dy·rmsNorm(x, w). */
export function rmsNormBackward(
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  dy: ArrayLike<number>,
  eps: number,
  offset = 0,
) {
  const C = w.length
  const { rstd } = rmsNorm(x, w, eps)
  const dx = new Float64Array(x.length)
  const dw = new Float64Array(C)
  rstd.forEach((r, n) => {
    let mean = 0
    for (let c = 0; c < C; c++) mean += ((offset + w[c]!) * dy[n * C + c]! * x[n * C + c]! * r) / C
    for (let c = 0; c < C; c++) {
      const i = n * C + c
      dx[i] = r * ((offset + w[c]!) * dy[i]! - x[i]! * r * mean)
      dw[c]! += dy[i]! * x[i]! * r
    }
  })
  return { dx, dw }
}
