import { cosine, type Metric } from '../similarity/metric'
import { type Budget, budgetMeter, checkBudget } from './budget'
import { greedy } from './greedy'
import type { Pool } from './pool'
import { type Pins, rankedOutcomes, rankItems } from './ranking'
import { checkThreshold, SelectionError } from './selection-error'
import type { Outcome, SelectOptions, Selector } from './selector'

export interface DeitaOptions extends Pins {
  readonly budget: Budget
  /** Similarity above which a row is too similar to a kept one; the default suits cosines. */
  readonly threshold?: number
  /** Default: `cosine`, as Deita. */
  readonly metric?: Metric
  /**
   * Decides as Deita's own code does with its batch size 1: rows of one content are not collapsed; a row whose
   * score is no number comes last; a row whose embedding is zero or not finite is kept and hinders no other.
   * Only rows of the same score may come out in another order, which Deita leaves open.
   */
  readonly compat?: boolean
  /** Rows embedded and compared at a time, at most. The result does not depend on it. */
  readonly blockSize?: number
}

/**
 * Deita's selection: score first, diversity aware (Liu et al. 2023, arXiv 2312.15685).
 *
 * Rows are taken by descending score, those of equal score by ascending index. A row is kept unless a row
 * kept before it has a similarity with it above `threshold`; it stops when the budget is reached. Of rows with the
 * same content the first stands for all. Rows with a score that is no finite number, and rows reached whose
 * embedding is zero or not finite, are set aside as invalid. Rows in `keep` come first and are always kept,
 * even beyond the budget.
 *
 * @throws {SelectionError} if an option is out of its range
 */
export function deita({
  budget,
  threshold = 0.9,
  metric = cosine,
  compat = false,
  blockSize = 512,
  ...pins
}: DeitaOptions): Selector {
  checkBudget('deita', budget)
  checkThreshold('deita', 'threshold', threshold, metric)
  if (!(Number.isSafeInteger(blockSize) && blockSize > 0)) {
    throw new SelectionError(`deita: blockSize is ${blockSize}, expected a positive whole number`)
  }
  return {
    name: 'deita',
    select: (pool, options) => run(pool, options, { budget, threshold, metric, compat, blockSize, ...pins }),
  }
}

async function run(
  { items, vectors }: Pool,
  progress: SelectOptions,
  { budget, threshold, metric, compat, blockSize, ...pins }: Required<Omit<DeitaOptions, keyof Pins>> & Pins,
): Promise<Outcome[]> {
  if (!vectors) throw new SelectionError('deita: the pool has no vectors, by which it compares rows')
  const ranking = rankItems('deita', items, {
    ...pins,
    collapse: !compat,
    unscored: compat,
    infinite: compat,
    problems: vectors.problems,
  })
  const decisions = await greedy(ranking.order, budgetMeter('deita', budget, items), {
    vectors,
    threshold,
    metric,
    blockSize,
    pinned: ranking.pinned,
    keepIncomparable: compat,
    ...progress,
  })
  return rankedOutcomes(items, ranking, decisions)
}
