import type { Vectors } from '../embedding/vectors'
import type { Metric } from '../similarity/metric'
import { SimilarityBank } from '../similarity/similarity-bank'
import type { TestedBlock } from '../similarity/tested-block'
import type { BudgetMeter } from './budget'
import type { PoolItem } from './pool'
import type { Decision, SelectOptions } from './selector'
import { vectorProblem } from './vector-problem'

export interface GreedyOptions extends SelectOptions {
  readonly vectors: Vectors
  /** Similarity above which a row repeats a kept one. */
  readonly threshold: number
  readonly metric: Metric
  /** Rows embedded and compared at a time, at most. The result does not depend on it. */
  readonly blockSize: number
  /** How many rows at the start of the order are kept whatever they resemble. */
  readonly pinned: number
  /** Whether rows that cannot be compared are kept; else they are invalid. */
  readonly keepIncomparable: boolean
}

/** Fewer rows than this take about as long as this many. */
const SMALLEST_BLOCK = 32

/**
 * Goes through rows in order and keeps each that is not similar to one kept before, until `meter` is full: the
 * lexicographically first maximal independent set of the rows that are joined where they are similar.
 *
 * @returns the decisions on the rows that it reached, in order
 */
export async function greedy(
  order: readonly PoolItem[],
  meter: BudgetMeter<PoolItem>,
  { vectors, threshold, metric, blockSize, pinned, keepIncomparable, signal, onProgress }: GreedyOptions,
): Promise<Decision[]> {
  const decisions: Decision[] = []
  let kept = 0
  /** Positions of the rows in the bank. */
  const banked: number[] = []
  using bank = new SimilarityBank(vectors.gpu, { dimensions: vectors.dimensions, threshold, metric })
  while (decisions.length < order.length && (!meter.full || decisions.length < pinned)) {
    signal?.throwIfAborted()
    const begin = decisions.length
    // Embedding costs most, so not many more rows are taken than may still be needed.
    const wanted = Math.max(SMALLEST_BLOCK, 2 * meter.room)
    const block = order.slice(begin, begin + Math.min(blockSize, wanted))
    using taken = await vectors.take(block, signal ? { signal } : {})
    using tested = await bank.test(taken)
    /** Rows of the block that go to the bank, ascending. */
    const fresh = new Set<number>()
    for (const [i, item] of block.entries()) {
      const isPinned = begin + i < pinned
      if (meter.full && !isPinned) break
      const problem = vectorProblem(item, tested.flags[i], vectors.problems)
      let obstacle: Decision | null = null
      if (!isPinned && problem === null) {
        obstacle = similar(tested, i, order, banked, begin, fresh)
      } else if (!isPinned && problem !== null && !keepIncomparable) {
        obstacle = { kind: 'invalid', reason: problem }
      }
      if (!obstacle && !meter.take(item) && !isPinned) break
      decisions.push(obstacle ?? { kind: 'kept', rank: kept++, ...(isPinned ? { pinned: true } : {}) })
      if (!obstacle && problem === null) fresh.add(i)
    }
    for (const i of fresh) banked.push(begin + i)
    bank.append(tested, [...fresh])
    onProgress?.({ decided: decisions.length, total: order.length, kept })
  }
  return decisions
}

/** The first kept row that row `i` of the block repeats, if any. Rows of the bank come before those of the block. */
function similar(
  tested: TestedBlock,
  i: number,
  order: readonly PoolItem[],
  banked: readonly number[],
  begin: number,
  fresh: ReadonlySet<number>,
): Decision | null {
  const inBank = tested.firstInBank(i)
  const match = inBank ?? tested.firstInBlock(i, row => fresh.has(row))
  if (!match) return null
  const position = inBank ? banked[inBank.row]! : begin + match.row
  return { kind: 'similar', to: order[position]!.index, similarity: match.similarity }
}
