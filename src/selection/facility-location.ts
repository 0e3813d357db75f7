import { COVERED, FacilityGains } from '../similarity/facility-gain'
import { type Budget, budgetMeter, checkBudget } from './budget'
import { type BankOptions, checkBank, fixedPointPool, vectorsOf } from './fixed-point-pool'
import { LargestGain } from './largest-gain'
import { naturalLog } from './natural-log'
import { Picks } from './picks'
import type { Pool, PoolItem } from './pool'
import { checkSeed } from './random-key'
import { sampleRows } from './sample-rows'
import { SelectionError } from './selection-error'
import type { Decision, Outcome, SelectOptions, Selector } from './selector'
import { scoredItems, unitScores } from './unit-scores'

export interface FacilityLocationOptions extends BankOptions {
  readonly budget: Budget
  /** α, from 0 (coverage alone) to 1 (score alone). */
  readonly quality?: number
  /**
   * ε: the larger, the fewer rows are looked at; without quality, at least 1 − 1/e − ε of the best coverage is
   * expected. 0: all rows are looked at.
   */
  readonly epsilon?: number
  readonly seed?: number
}

const WHO = 'facility-location'
/** Rows whose gains are computed at a time: all that are looked at, or, if bounds rule most out, not many. */
const LARGEST_BATCH = 256
const EXACT_BATCH = 64

/**
 * Facility location: rows S that stand for all N, by greedy maximization of
 *
 *     f(S) = (1 − α) / N · Σ_i max_{j ∈ S} s_ij + α / K · Σ_{j ∈ S} q_j
 *
 * The first part, coverage, is how alike a row and the nearest kept one are on average; the second adds
 * quality (QDIT: Bukharin et al. 2023, arXiv 2311.14736). Both are scaled to [0, 1] so that α weighs like
 * with like. s is the cosine, nothing below 0, of rows rounded as in `FixedPointRows`, and rounded down to
 * 500,000ths: gains are whole numbers, and every GPU keeps the same rows. q is the score brought to [0, 1]
 * over the rows that can be kept. K is how many rows the budget allows; with one in tokens, how many rows of
 * mean length.
 *
 * Stochastic greedy (Mirzasoleiman et al. 2015, arXiv 1409.7938): each step looks at ⌈N / K · ln(1 / ε)⌉ rows
 * drawn from those not kept, and takes the one that adds most, of equal ones that with the lowest index. With
 * ε = 0 it looks at all, though it computes only those that a bound from earlier steps does not rule out
 * (Minoux 1978): the result is that of plain greedy.
 *
 * A kept row's value is what it added to f. Rows whose embedding is zero or not finite are invalid; where α is
 * above 0, so are those whose score is no finite number.
 *
 * @throws {SelectionError} if an option is out of its range
 */
export function facilityLocation({
  budget,
  quality = 0,
  epsilon = 0.1,
  seed = 0,
  ...bank
}: FacilityLocationOptions): Selector {
  checkBudget(WHO, budget)
  checkBank(WHO, bank)
  if (!(quality >= 0 && quality <= 1)) {
    throw new SelectionError(`${WHO}: quality is ${quality}, expected a number from 0 to 1`)
  }
  if (!(epsilon >= 0 && epsilon < 1)) {
    throw new SelectionError(`${WHO}: epsilon is ${epsilon}, expected 0 or a number above, less than 1`)
  }
  checkSeed(WHO, seed)
  const settings = { budget, quality, epsilon, seed }
  return { name: WHO, select: (pool, options) => run(pool, { ...options, ...bank }, settings) }
}

async function run(
  pool: Pool,
  options: BankOptions & SelectOptions,
  { budget, quality, epsilon, seed }: Required<Omit<FacilityLocationOptions, keyof BankOptions>>,
): Promise<Outcome[]> {
  const { items } = pool
  const { signal, onProgress } = options
  const meter = budgetMeter(WHO, budget, items)
  const { scored, decided } =
    quality > 0 ? scoredItems(items) : { scored: items, decided: new Map<PoolItem, Decision>() }
  const picks = new Picks()
  if (meter.full) return picks.outcomes(items, decided)
  using placed = await fixedPointPool(WHO, scored, vectorsOf(WHO, pool), decided, options)
  const N = placed.items.length
  if (N === 0) return picks.outcomes(items, decided)
  const K = plannedRows(budget, placed.items, meter.room)
  const qualities = quality > 0 ? unitScores(placed.items) : new Float64Array(N)
  const sample = sampleSize(N, K, epsilon)
  using gains = new FacilityGains(placed.bank, Math.min(sample, epsilon > 0 ? LARGEST_BATCH : EXACT_BATCH))
  const value = (row: number, gain: number) =>
    ((1 - quality) * gain) / (COVERED * N) + (quality * qualities[row]!) / K
  const largest = new LargestGain(gains, N, value)
  const taken = new Uint8Array(N)
  // Where all rows are looked at, they stay as they were ordered by the step before, which is nearly in order.
  const free = Array.from(taken, (_, row) => row)
  for (let step = 0; free.length > 0 && !meter.full; step++) {
    const isAll = sample >= free.length
    const looked = isAll ? free : sampleRows({ seed, step }, sample, N, row => taken[row] === 0)
    const { row, gain } = await largest.of(looked, signal)
    taken[row] = 1
    free.splice(free.indexOf(row), 1)
    const item = placed.items[row]!
    if (!meter.take(item)) break
    gains.add(row)
    picks.add(item, value(row, gain), reason(gain, quality, qualities[row]!))
    onProgress?.({ decided: decided.size + picks.size, total: items.length, kept: picks.size })
  }
  return picks.outcomes(items, decided)
}

/** K: rows that the budget is expected to allow, at least 1. */
function plannedRows(budget: Budget, items: readonly PoolItem[], room: number): number {
  if (typeof budget === 'number' || 'fraction' in budget) return Math.min(items.length, room)
  const mean = items.reduce((sum, { tokens = 0 }) => sum + tokens, 0) / items.length
  return Math.max(1, Math.min(items.length, mean > 0 ? Math.floor(budget.tokens / mean) : items.length))
}

const sampleSize = (N: number, K: number, epsilon: number): number =>
  epsilon === 0 ? N : Math.max(1, Math.ceil((N / K) * -naturalLog(epsilon)))

function reason(gain: number, alpha: number, quality: number): string {
  const stands = `stands for ${(gain / COVERED).toFixed(3)} rows more than those before it`
  return alpha > 0 ? `${stands}, score at ${quality.toFixed(4)} of the range` : stands
}
