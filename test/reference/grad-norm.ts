/** The 2-norm and torch's clip factor, in double precision. */
export function gradNorm(grads: ArrayLike<number>, maxNorm: number): { norm: number; clip: number } {
  const norm = Math.sqrt(Array.from(grads).reduce((sum, g) => sum + g * g, 0))
  return { norm, clip: Math.min(1, maxNorm / (norm + 1e-6)) }
}
