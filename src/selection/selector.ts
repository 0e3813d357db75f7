import type { Score } from '../scoring/scorer'
import type { Candidate, Pool, PoolItem } from './pool'
import { SelectionError } from './selection-error'

/** What became of an item, and why. */
export type Decision =
  /**
   * Selected; `rank` 0 is the first. `pinned`: because the user wants it. `because`: why, in the user's terms, where
   * the strategy knows more than its order.
   */
  | { readonly kind: 'kept'; readonly rank: number; readonly pinned?: true; readonly because?: string }
  /** Too similar to the row with the index `to`, which was kept, at this similarity. */
  | { readonly kind: 'similar'; readonly to: number; readonly similarity: number }
  /** Its content is that of the row with the index `of`, which stands for both. */
  | { readonly kind: 'duplicate'; readonly of: number }
  /** A rule of the strategy, or the user, leaves it out, for this reason in the user's terms. */
  | { readonly kind: 'excluded'; readonly reason: string }
  /** It could have been kept, but enough others were chosen before. */
  | { readonly kind: 'beyond budget' }
  /** Cannot take part, for this reason in the user's terms. */
  | { readonly kind: 'invalid'; readonly reason: string }

/** An item of the pool with its decision. */
export interface Outcome {
  readonly index: number
  readonly id: string
  /** What the strategy ordered it by: its score, length, random key, gain …; null if it never came to that. */
  readonly value: Score | null
  /**
   * Place in the strategy's order, 0 for the first; null for an item that has none, because its value is no
   * number, or because the strategy orders only what it keeps.
   */
  readonly position: number | null
  readonly decision: Decision
}

export interface SelectProgress {
  /** Items decided so far, of `total`. */
  readonly decided: number
  readonly total: number
  readonly kept: number
}

export interface SelectOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: SelectProgress) => void
}

/** A way to select. */
export interface Selector<Item extends Candidate = PoolItem> {
  readonly name: string
  /** An outcome for every item of the pool, in the pool's order. */
  select(pool: Pool<Item>, options: SelectOptions): Promise<Outcome[]>
}

export interface Selection {
  /** `index` of the selected items, in the order of their rank. */
  readonly kept: readonly number[]
  /** One for every item of the pool, in the pool's order. */
  readonly outcomes: readonly Outcome[]
}

/**
 * Selects items of a pool. Every item gets its reason.
 *
 * @throws {SelectionError} if two items have the same index
 * @throws the signal's reason once it is aborted
 */
export async function select<Item extends Candidate>(
  pool: Pool<Item>,
  selector: Selector<Item>,
  options: SelectOptions = {},
): Promise<Selection> {
  const seen = new Set<number>()
  for (const item of pool.items) {
    const { index, id } = item
    if (seen.has(index)) {
      const other = pool.items.find(one => one.index === index)!
      throw new SelectionError(
        `select: rows ${other.id} and ${id} both have index ${index}; give every row its own position`,
      )
    }
    seen.add(index)
  }
  options.signal?.throwIfAborted()
  return selectionOf(await selector.select(pool, options))
}

/** Outcomes with the indices of what they keep, by rank. */
function selectionOf(outcomes: readonly Outcome[]): Selection {
  const kept: number[] = []
  for (const { index, decision } of outcomes) if (decision.kind === 'kept') kept[decision.rank] = index
  return { kept, outcomes }
}
