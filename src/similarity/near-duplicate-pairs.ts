import type { Gpu } from '../gpu/gpu'
import type { RowSource } from './row-source'
import { type ThresholdJoinOptions, thresholdJoin } from './threshold-join'

/** Two rows that are all but equal, the first in their order first. */
export interface NearDuplicatePair {
  readonly row: number
  readonly other: number
  /** In double precision. */
  readonly similarity: number
}

export interface NearDuplicatePairs {
  /** The lowest threshold above which the pairs are complete; see `maxEdges` of `thresholdJoin`. */
  readonly threshold: number
  /** By descending similarity, then by `row`, then by `other`. */
  readonly pairs: readonly NearDuplicatePair[]
}

/**
 * The pairs of rows more similar than a threshold (0.9 unless said otherwise), the most similar first.
 *
 * @throws as `thresholdJoin` does
 */
export async function nearDuplicatePairs(
  gpu: Gpu,
  rows: RowSource,
  options: Partial<ThresholdJoinOptions> = {},
): Promise<NearDuplicatePairs> {
  const { threshold, from, to, similarity } = await thresholdJoin(gpu, rows, { threshold: 0.9, ...options })
  const pairs = Array.from(from, (row, i) => ({ row, other: to[i]!, similarity: similarity[i]! }))
  pairs.sort((a, b) => b.similarity - a.similarity || a.row - b.row || a.other - b.other)
  return { threshold, pairs }
}
