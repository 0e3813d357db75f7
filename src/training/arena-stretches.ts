import { follows, inMemoryOrder, spanning } from '../gpu/adjacent-tensors'
import type { Arena } from './trainable'

/** Arenas that lie one after the other, as one. */
export interface Stretch {
  /** With the values that each begins at. */
  readonly arenas: readonly { readonly arena: Arena; readonly begin: number }[]
  /** From the first arena to the last, with the padding between them, [N]. */
  readonly values: Arena['values']
  readonly grads: Arena['grads']
  readonly decays: boolean
}

export interface StretchOptions {
  /** Each arena begins at a multiple of so many values of its stretch. */
  readonly unit: number
  /** Whether arenas that decay and those that do not may be in one stretch. */
  readonly mixed: boolean
}

/** Arenas in as few stretches as their places in memory allow. */
export function stretchesOf(arenas: readonly Arena[], { unit, mixed }: StretchOptions): Stretch[] {
  const joins = (arena: Arena, first: Arena, last: Arena) =>
    follows(arena.values, last.values) &&
    follows(arena.grads, last.grads) &&
    between(first, arena) % unit === 0 &&
    (mixed || arena.decays === last.decays)
  const found: Arena[][] = []
  for (const arena of inMemoryOrder(arenas, own => own.values)) {
    const stretch = found.at(-1)
    if (stretch && joins(arena, stretch[0]!, stretch.at(-1)!)) stretch.push(arena)
    else found.push([arena])
  }
  return found.map(stretch => {
    const [first, last] = [stretch[0]!, stretch.at(-1)!]
    return {
      arenas: stretch.map(arena => ({ arena, begin: between(first, arena) })),
      values: spanning(first.values, last.values),
      grads: spanning(first.grads, last.grads),
      decays: first.decays,
    }
  })
}

/** Values from where one begins to where the other does. */
const between = (from: Arena, to: Arena) => (to.values.offset - from.values.offset) / 4
