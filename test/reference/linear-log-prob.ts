/** log softmax(h·wᵀ) at the targets in double precision, and its backward pass. */
export function linearLogProb(
  h: ArrayLike<number>,
  w: ArrayLike<number>,
  targets: ArrayLike<number>,
  C: number,
) {
  const out = new Float64Array(targets.length)
  for (let r = 0; r < out.length; r++) {
    const z = logits(h, w, r, C)
    out[r] = z[targets[r]!]! - logSumExp(z)
  }
  return out
}

/** Entropy, log Σ p², mean logit, and whether the target's logit is the largest: four values a row. */
export function tokenStatistics(
  h: ArrayLike<number>,
  w: ArrayLike<number>,
  targets: ArrayLike<number>,
  C: number,
) {
  return Float64Array.from(
    Array.from({ length: targets.length }, (_, r) => {
      const z = logits(h, w, r, C)
      const lse = logSumExp(z)
      const entropy = z.reduce((sum, x) => sum - Math.exp(x - lse) * (x - lse), 0)
      const mean = z.reduce((a, b) => a + b, 0) / z.length
      const squares = logSumExp(z.map(x => 2 * x)) - 2 * lse
      return [entropy, squares, mean, z[targets[r]!]! >= Math.max(...z) ? 1 : 0]
    }).flat(),
  )
}

export function linearLogProbBackward(
  h: ArrayLike<number>,
  w: ArrayLike<number>,
  targets: ArrayLike<number>,
  g: ArrayLike<number>,
  C: number,
) {
  const dh = new Float64Array(h.length)
  const dw = new Float64Array(w.length)
  for (let r = 0; r < targets.length; r++) {
    const z = logits(h, w, r, C)
    const lse = logSumExp(z)
    z.forEach((x, v) => {
      const dz = g[r]! * ((v === targets[r] ? 1 : 0) - Math.exp(x - lse))
      for (let c = 0; c < C; c++) {
        dh[r * C + c]! += dz * w[v * C + c]!
        dw[v * C + c]! += dz * h[r * C + c]!
      }
    })
  }
  return { dh, dw }
}

function logits(h: ArrayLike<number>, w: ArrayLike<number>, r: number, C: number): number[] {
  return Array.from({ length: w.length / C }, (_, v) => {
    let sum = 0
    for (let c = 0; c < C; c++) sum += h[r * C + c]! * w[v * C + c]!
    return sum
  })
}

function logSumExp(z: readonly number[]): number {
  const most = Math.max(...z)
  return most + Math.log(z.reduce((sum, x) => sum + Math.exp(x - most), 0))
}
