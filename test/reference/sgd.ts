/** One step in double precision, as torch.optim.SGD writes it, without dampening. Changes p and v. */
export function sgd(
  p: Float64Array,
  g: ArrayLike<number>,
  v: Float64Array,
  o: { lr: number; decay: number; momentum: number; nesterov: boolean; clip: number },
): void {
  for (let i = 0; i < p.length; i++) {
    const grad = g[i]! * o.clip + o.decay * p[i]!
    v[i] = o.momentum * v[i]! + grad
    p[i]! -= o.lr * (o.nesterov ? grad + o.momentum * v[i]! : v[i]!)
  }
}
