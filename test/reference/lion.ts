/** One step in double precision, as Algorithm 2 of https://arxiv.org/abs/2302.06675 writes it. Changes p and m. */
export function lion(
  p: Float64Array,
  g: ArrayLike<number>,
  m: Float64Array,
  o: { lr: number; decay: number; b1: number; b2: number; clip: number },
): void {
  for (let i = 0; i < p.length; i++) {
    const grad = g[i]! * o.clip
    const c = o.b1 * m[i]! + (1 - o.b1) * grad
    p[i]! -= o.lr * (Math.sign(c) + o.decay * p[i]!)
    m[i] = o.b2 * m[i]! + (1 - o.b2) * grad
  }
}
