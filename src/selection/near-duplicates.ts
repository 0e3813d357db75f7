import { cosine, type Metric } from '../similarity/metric'
import { type Budget, budgetMeter, checkBudget } from './budget'
import { greedy } from './greedy'
import { rankedOutcomes, rankItems } from './ranking'
import { checkThreshold, SelectionError } from './selection-error'
import type { Selector } from './selector'

export interface NearDuplicatesOptions {
  /** Similarity above which two rows are near duplicates. */
  readonly threshold: number
  /** Default: `cosine`. */
  readonly metric?: Metric
  /** How many rows to keep at most; all that are not near duplicates, unless given. */
  readonly budget?: Budget
  /** Rows embedded and compared at a time, at most. The result does not depend on it. */
  readonly blockSize?: number
}

/**
 * Removes near duplicates: of each group the best row stays, and no two kept rows have a similarity above `threshold`.
 *
 * Rows are taken by descending score, those of equal score by index; rows whose score is no finite number come
 * after all others, by index, so that a pool without scores is taken in the file's order. A row is kept unless one
 * kept before it is similar. Copies of one content count as one row even at threshold 1, where nothing else is
 * dropped. It is Deita's selection without the need for a score.
 *
 * @throws {SelectionError} if an option is out of its range
 */
export function nearDuplicates({
  threshold,
  metric = cosine,
  budget = Infinity,
  blockSize = 512,
}: NearDuplicatesOptions): Selector {
  checkBudget('near-duplicates', budget)
  checkThreshold('near-duplicates', 'threshold', threshold, metric)
  if (!(Number.isSafeInteger(blockSize) && blockSize > 0)) {
    throw new SelectionError(`near-duplicates: blockSize is ${blockSize}, expected a positive whole number`)
  }
  return {
    name: 'near-duplicates',
    async select({ items, vectors }, progress) {
      if (!vectors) {
        throw new SelectionError('near-duplicates: the pool has no vectors, by which it compares rows')
      }
      const ranking = rankItems('near-duplicates', items, {
        collapse: true,
        unscored: true,
        problems: vectors.problems,
      })
      const decisions = await greedy(ranking.order, budgetMeter('near-duplicates', budget, items), {
        vectors,
        threshold,
        metric,
        blockSize,
        pinned: 0,
        keepIncomparable: false,
        ...progress,
      })
      return rankedOutcomes(items, ranking, decisions)
    },
  }
}
