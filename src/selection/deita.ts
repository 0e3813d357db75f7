import type { Vectors } from '../embedding/vectors'
import { RowFlag } from '../similarity/normalize-rows'
import { SimilarityBank } from '../similarity/similarity-bank'
import type { TestedBlock } from '../similarity/tested-block'
import { type Budget, budgetMeter, checkBudget } from './budget'
import type { Pool, PoolItem } from './pool'
import { SelectionError } from './selection-error'
import type { Decision, Outcome, SelectOptions, Selector } from './selector'

export interface DeitaOptions {
  readonly budget: Budget
  /** Cosine above which a row is too similar to a kept one. */
  readonly threshold?: number
  /** Rows embedded and compared at a time, at most. The result does not depend on it. */
  readonly blockSize?: number
}

/**
 * Deita's selection: score first, diversity aware (Liu et al. 2023, arXiv 2312.15685).
 *
 * Rows are taken by descending score, those of equal score by ascending index. A row is kept unless a row
 * kept before it has a cosine with it above `threshold`; it stops when `budget` rows are kept. Rows with a
 * score that is no finite number, and rows reached whose embedding is zero or not finite, are set aside as
 * invalid (Deita keeps them).
 *
 * @throws {SelectionError} if an option is out of its range
 */
export function deita({ budget, threshold = 0.9, blockSize = 512 }: DeitaOptions): Selector {
  checkBudget('deita', budget)
  if (!(threshold >= -1 && threshold <= 1)) {
    throw new SelectionError(`deita: threshold is ${threshold}, expected a cosine in [-1, 1]`)
  }
  if (!(Number.isSafeInteger(blockSize) && blockSize > 0)) {
    throw new SelectionError(`deita: blockSize is ${blockSize}, expected a positive whole number`)
  }
  return {
    name: 'deita',
    select: (pool, options) => run(pool, options, budget, threshold, blockSize),
  }
}

/** Fewer rows than this take about as long as this many. */
const SMALLEST_BLOCK = 32

const isScored = ({ score }: PoolItem) => Number.isFinite(score)

/** Best first: by descending score, then by ascending index. */
function byRank(a: PoolItem, b: PoolItem): number {
  return (b.score as number) - (a.score as number) || a.index - b.index
}

async function run(
  pool: Pool,
  { signal, onProgress }: SelectOptions,
  budget: Budget,
  threshold: number,
  blockSize: number,
): Promise<Outcome[]> {
  const { items, vectors } = pool
  if (!vectors) throw new SelectionError('deita: the pool has no vectors; it compares rows by them')
  const meter = budgetMeter('deita', budget, items)
  const order = items.filter(isScored).sort(byRank)
  const decisions: Decision[] = []
  /** Positions of the kept rows, by rank: the rows of the bank. */
  const kept: number[] = []
  using bank = new SimilarityBank(vectors.gpu, { dimensions: vectors.dimensions, threshold })
  while (decisions.length < order.length && !meter.full) {
    signal?.throwIfAborted()
    const begin = decisions.length
    // Embedding costs most, so not many more rows are taken than may still be needed.
    const wanted = Math.max(SMALLEST_BLOCK, 2 * meter.room)
    const block = order.slice(begin, begin + Math.min(blockSize, wanted))
    using tested = await test(vectors, bank, block, signal)
    const fresh: number[] = []
    for (let i = 0; i < block.length && !meter.full; i++) {
      const decision = decide(tested, i, order, kept, begin, decisions)
      if (decision.kind === 'kept' && !meter.take(block[i]!)) break
      decisions.push(decision)
      if (decision.kind !== 'kept') continue
      kept.push(begin + i)
      fresh.push(i)
    }
    bank.append(tested, fresh)
    onProgress?.({ decided: decisions.length, total: order.length, kept: kept.length })
  }
  const positions = new Map(order.map((item, position) => [item, position]))
  return items.map(item => {
    const { index, id, score } = item
    const position = positions.get(item) ?? null
    const decision: Decision =
      position === null
        ? { kind: 'invalid', reason: scoreProblem(item) }
        : (decisions[position] ?? { kind: 'beyond budget' })
    return { index, id, value: score, position, decision }
  })
}

async function test(
  vectors: Vectors,
  bank: SimilarityBank,
  block: readonly PoolItem[],
  signal: AbortSignal | undefined,
): Promise<TestedBlock> {
  using taken = await vectors.take(block, signal ? { signal } : {})
  return await bank.test(taken)
}

/** Decides the row at place `i` of the block, given the decisions on all better rows. */
function decide(
  tested: TestedBlock,
  i: number,
  order: readonly PoolItem[],
  kept: readonly number[],
  begin: number,
  decisions: readonly Decision[],
): Decision {
  const flag = tested.flags[i]
  if (flag === RowFlag.zero) return { kind: 'invalid', reason: 'its embedding is zero' }
  if (flag === RowFlag.notFinite) return { kind: 'invalid', reason: 'its embedding is not finite' }
  // Rows of the bank are better than all rows of the block.
  const inBank = tested.firstInBank(i)
  if (inBank) return similar(order[kept[inBank.row]!]!, inBank.similarity)
  const inBlock = tested.firstInBlock(i, row => decisions[begin + row]!.kind === 'kept')
  if (inBlock) return similar(order[begin + inBlock.row]!, inBlock.similarity)
  return { kind: 'kept', rank: kept.length }
}

const similar = ({ index }: PoolItem, similarity: number): Decision => ({
  kind: 'similar',
  to: index,
  similarity,
})

function scoreProblem({ score }: PoolItem): string {
  return typeof score === 'number' ? `its score is ${score}` : score.missing
}
