/** Whole parts of `total` in proportion to `sizes`, by the largest remainder: one seat after the other. */
export function apportion(total: number, sizes: readonly number[]): number[] {
  const all = sizes.reduce((sum, size) => sum + size, 0)
  if (all === 0) return sizes.map(() => 0)
  const shares = sizes.map((size, i) => ({
    i,
    size,
    seats: Math.floor((total * size) / all),
    rest: (total * size) % all,
  }))
  for (let left = total - shares.reduce((sum, { seats }) => sum + seats, 0); left > 0; left--) {
    let best = shares[0]!
    for (const share of shares) {
      if (share.rest > best.rest || (share.rest === best.rest && share.size > best.size)) best = share
    }
    best.seats++
    best.rest = -1
  }
  return shares.map(({ seats }) => seats)
}
