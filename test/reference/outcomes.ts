import { keptWithin, type Wish } from './budget'

/** An outcome without the words of its reason. */
export interface PlainOutcome {
  readonly index: number
  readonly position: number | null
  readonly decision: { readonly kind: string; readonly rank?: number; readonly of?: number }
}

/**
 * What becomes of items of which `order` take part, in that order, the first within the budget being kept; `out` says
 * what becomes of the others.
 */
export function outcomes<Item extends { readonly index: number }>(
  items: readonly Item[],
  order: readonly (Item & { readonly tokens?: number })[],
  wish: Wish,
  out: (item: Item) => PlainOutcome['decision'] = () => ({ kind: 'invalid' }),
): PlainOutcome[] {
  const kept = keptWithin(order, wish, items.length)
  return items.map(item => {
    const place = order.indexOf(item as Item & { readonly tokens?: number })
    const decision =
      place < 0 ? out(item) : place < kept ? { kind: 'kept', rank: place } : { kind: 'beyond budget' }
    return { index: item.index, position: place < 0 ? null : place, decision }
  })
}

/** Sorts a copy, the smallest key first and equal ones by index. */
export const sortedBy = <Item extends { readonly index: number }>(
  items: readonly Item[],
  keyOf: (item: Item) => number,
): Item[] => [...items].sort((a, b) => Math.sign(keyOf(a) - keyOf(b)) || a.index - b.index)
