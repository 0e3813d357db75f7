import type { Missing, Pool, PoolItem } from './pool'
import { SelectionError } from './selection-error'

/** What became of a row, and why. */
export type Decision =
  /** Selected; `rank` 0 is the first. */
  | { readonly kind: 'kept'; readonly rank: number }
  /** Too similar to the row with the index `to`, which was kept, at this cosine. */
  | { readonly kind: 'similar'; readonly to: number; readonly similarity: number }
  /** Not looked at, because enough rows had been kept. */
  | { readonly kind: 'beyond budget' }
  /** Cannot take part, for this reason in the user's terms. */
  | { readonly kind: 'invalid'; readonly reason: string }

/** A row of the pool with its decision. */
export interface Outcome {
  readonly index: number
  readonly id: string
  readonly score: number | Missing
  /**
   * Place in the selector's order, 0 for the first; null for a row that has none, because its score is no
   * number.
   */
  readonly position: number | null
  readonly decision: Decision
}

export interface SelectProgress {
  /** Rows decided so far, of `total`. */
  readonly decided: number
  readonly total: number
  readonly kept: number
}

export interface SelectOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: SelectProgress) => void
}

/** A way to select rows. */
export interface Selector {
  readonly name: string
  /** An outcome for every item of the pool, in the pool's order. */
  select(pool: Pool, options: SelectOptions): Promise<Outcome[]>
}

export interface Selection {
  /** `index` of the selected rows, in the order of their rank. */
  readonly kept: readonly number[]
  /** One for every row of the pool, in the pool's order. */
  readonly outcomes: readonly Outcome[]
}

/**
 * Selects rows of a pool. Every row gets its reason.
 *
 * @throws {SelectionError} if two rows have the same index
 * @throws the signal's reason once it is aborted
 */
export async function select(
  pool: Pool,
  selector: Selector,
  options: SelectOptions = {},
): Promise<Selection> {
  const seen = new Map<number, PoolItem>()
  for (const item of pool.items) {
    const other = seen.get(item.index)
    if (other) {
      throw new SelectionError(
        `select: rows ${other.id} and ${item.id} both have index ${item.index}; give every row its own position`,
      )
    }
    seen.set(item.index, item)
  }
  options.signal?.throwIfAborted()
  const outcomes = await selector.select(pool, options)
  const kept: number[] = []
  for (const { index, decision } of outcomes) if (decision.kind === 'kept') kept[decision.rank] = index
  return { kept, outcomes }
}
