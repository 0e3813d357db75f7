/** Causal attention over packed sequences in double precision, forward and backward. */
export interface AttentionSizes {
  lengths: readonly number[]
  H: number
  G: number
  D: number
}

export function attention(
  q: ArrayLike<number>,
  k: ArrayLike<number>,
  v: ArrayLike<number>,
  sizes: AttentionSizes,
) {
  const { H, G, D } = sizes
  const o = new Float64Array(q.length)
  each(sizes, (t, h, g, begin) => {
    const p = softmax(q, k, t, h, g, begin, sizes)
    for (let s = begin; s <= t; s++)
      for (let d = 0; d < D; d++) o[(t * H + h) * D + d]! += p[s - begin]! * v[(s * G + g) * D + d]!
  })
  return o
}

export function attentionBackward(
  q: ArrayLike<number>,
  k: ArrayLike<number>,
  v: ArrayLike<number>,
  dout: ArrayLike<number>,
  sizes: AttentionSizes,
) {
  const { H, G, D } = sizes
  const dq = new Float64Array(q.length)
  const dk = new Float64Array(k.length)
  const dv = new Float64Array(v.length)
  each(sizes, (t, h, g, begin) => {
    const p = softmax(q, k, t, h, g, begin, sizes)
    const up = (t * H + h) * D
    const dp = p.map((_, i) => {
      let sum = 0
      for (let d = 0; d < D; d++) sum += dout[up + d]! * v[((begin + i) * G + g) * D + d]!
      return sum
    })
    const delta = p.reduce((sum, x, i) => sum + x * dp[i]!, 0)
    p.forEach((x, i) => {
      const down = ((begin + i) * G + g) * D
      const ds = (x * (dp[i]! - delta)) / Math.sqrt(D)
      for (let d = 0; d < D; d++) {
        dq[up + d]! += ds * k[down + d]!
        dk[down + d]! += ds * q[up + d]!
        dv[down + d]! += x * dout[up + d]!
      }
    })
  })
  return { dq, dk, dv }
}

function each(
  { lengths, H, G }: AttentionSizes,
  body: (t: number, h: number, g: number, begin: number) => void,
) {
  let begin = 0
  for (const length of lengths) {
    for (let t = begin; t < begin + length; t++)
      for (let h = 0; h < H; h++) body(t, h, Math.floor(h / (H / G)), begin)
    begin += length
  }
}

function softmax(
  q: ArrayLike<number>,
  k: ArrayLike<number>,
  t: number,
  h: number,
  g: number,
  begin: number,
  { H, G, D }: AttentionSizes,
): number[] {
  const scores: number[] = []
  for (let s = begin; s <= t; s++) {
    let sum = 0
    for (let d = 0; d < D; d++) sum += q[(t * H + h) * D + d]! * k[(s * G + g) * D + d]!
    scores.push(sum / Math.sqrt(D))
  }
  const most = Math.max(...scores)
  const weights = scores.map(x => Math.exp(x - most))
  const total = weights.reduce((a, b) => a + b, 0)
  return weights.map(w => w / total)
}
