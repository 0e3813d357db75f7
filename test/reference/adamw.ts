/** One AdamW step in double precision, as torch.optim.AdamW writes it. Changes p, m and v. */
export function adamw(
  p: Float64Array,
  g: ArrayLike<number>,
  m: Float64Array,
  v: Float64Array,
  o: { lr: number; decay: number; b1: number; b2: number; eps: number; step: number; clip: number },
): void {
  for (let i = 0; i < p.length; i++) {
    const grad = g[i]! * o.clip
    p[i]! *= 1 - o.lr * o.decay
    m[i] = o.b1 * m[i]! + (1 - o.b1) * grad
    v[i] = o.b2 * v[i]! + (1 - o.b2) * grad * grad
    const mean = m[i]! / (1 - o.b1 ** o.step)
    const variance = v[i]! / (1 - o.b2 ** o.step)
    p[i]! -= (o.lr * mean) / (Math.sqrt(variance) + o.eps)
  }
}
