/**
 * Rows x [N, E] at unit length; flags 1 for rows whose magnitudes stay below 2⁻¹⁰⁰, 2 for infinity or NaN:
 * both zero.
 */
export function normalizeRows(x: ArrayLike<number>, N: number, E: number) {
  const y = new Float64Array(N * E)
  const flags = new Uint32Array(N)
  for (let n = 0; n < N; n++) {
    let square = 0
    let largest = 0
    for (let e = 0; e < E; e++) {
      const v = x[n * E + e]!
      if (!Number.isFinite(v)) flags[n] = 2
      square += v * v
      largest = Math.max(largest, Math.abs(v))
    }
    if (flags[n] === 0 && largest < 2 ** -100) flags[n] = 1
    if (flags[n] === 0) for (let e = 0; e < E; e++) y[n * E + e] = x[n * E + e]! / Math.sqrt(square)
  }
  return { y, flags }
}
