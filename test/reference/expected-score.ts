/** Σ (k + 1) p_k with p the softmax over the logits of the tokens `ids`. */
export function expectedScore(logits: ArrayLike<number>, ids: readonly number[]): number {
  const most = Math.max(...ids.map(id => logits[id]!))
  const weights = ids.map(id => Math.exp(logits[id]! - most))
  const total = weights.reduce((sum, e) => sum + e, 0)
  return weights.reduce((sum, e, k) => sum + ((k + 1) * e) / total, 0)
}
