/** Attention over packed sequences in double precision, forward and backward. */
export interface AttentionSizes {
  lengths: readonly number[]
  H: number
  G: number
  D: number
  /** 1/√D unless told. */
  scale?: number
  /** Whether no token sees a later one; so unless told. */
  causal?: boolean
  /** As `sliding_window` of transformers' masking_utils: token t sees token s > t − window. */
  window?: number
}

export function attention(
  q: ArrayLike<number>,
  k: ArrayLike<number>,
  v: ArrayLike<number>,
  sizes: AttentionSizes,
) {
  const { H, G, D } = sizes
  const o = new Float64Array(q.length)
  each(sizes, (t, h, g, keys) => {
    const p = softmax(q, k, t, h, g, keys, sizes)
    keys.forEach((s, i) => {
      for (let d = 0; d < D; d++) o[(t * H + h) * D + d]! += p[i]! * v[(s * G + g) * D + d]!
    })
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
  const { H, G, D, scale = 1 / Math.sqrt(D) } = sizes
  const dq = new Float64Array(q.length)
  const dk = new Float64Array(k.length)
  const dv = new Float64Array(v.length)
  each(sizes, (t, h, g, keys) => {
    const p = softmax(q, k, t, h, g, keys, sizes)
    const up = (t * H + h) * D
    const dp = keys.map(s => {
      let sum = 0
      for (let d = 0; d < D; d++) sum += dout[up + d]! * v[(s * G + g) * D + d]!
      return sum
    })
    const delta = p.reduce((sum, x, i) => sum + x * dp[i]!, 0)
    p.forEach((x, i) => {
      const down = (keys[i]! * G + g) * D
      const ds = x * (dp[i]! - delta) * scale
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
  { lengths, H, G, causal = true, window = Number.POSITIVE_INFINITY }: AttentionSizes,
  body: (t: number, h: number, g: number, keys: readonly number[]) => void,
) {
  let begin = 0
  for (const length of lengths) {
    const sequence = Array.from({ length }, (_, i) => begin + i)
    for (const t of sequence) {
      const keys = sequence.filter(s => (!causal || s <= t) && s > t - window)
      for (let h = 0; h < H; h++) body(t, h, Math.floor(h / (H / G)), keys)
    }
    begin += length
  }
}

function softmax(
  q: ArrayLike<number>,
  k: ArrayLike<number>,
  t: number,
  h: number,
  g: number,
  keys: readonly number[],
  { H, G, D, scale = 1 / Math.sqrt(D) }: AttentionSizes,
): number[] {
  const scores = keys.map(s => {
    let sum = 0
    for (let d = 0; d < D; d++) sum += q[(t * H + h) * D + d]! * k[(s * G + g) * D + d]!
    return sum * scale
  })
  const most = Math.max(...scores)
  const weights = scores.map(x => Math.exp(x - most))
  const total = weights.reduce((a, b) => a + b, 0)
  return weights.map(w => w / total)
}
