/** A budget as it was written: rows, whole percents of the pool, or tokens. */
export type Wish = { rows: number } | { percent: number } | { tokens: number }

/** How many of `order` are kept, from its start; `n` items are in the pool. */
export function keptWithin(order: readonly { readonly tokens?: number }[], wish: Wish, n: number): number {
  if ('rows' in wish) return Math.min(wish.rows, order.length)
  if ('percent' in wish) return Math.min(Math.floor((wish.percent * n + 99) / 100), order.length)
  let sum = 0
  let kept = 0
  while (kept < order.length && sum < wish.tokens && sum + order[kept]!.tokens! <= wish.tokens) {
    sum += order[kept++]!.tokens!
  }
  return kept
}
