import { FarthestRows } from '../similarity/farthest-row'
import { LENGTH } from '../similarity/fixed-point-rows'
import { type Budget, budgetMeter, checkBudget } from './budget'
import {
  type BankOptions,
  checkBank,
  type FixedPointPool,
  fixedPointPool,
  vectorsOf,
} from './fixed-point-pool'
import { Picks } from './picks'
import type { Pool, PoolItem } from './pool'
import { byScore } from './ranking'
import { SelectionError } from './selection-error'
import type { Decision, Outcome, SelectOptions, Selector } from './selector'

export interface KCenterOptions extends BankOptions {
  readonly budget: Budget
  /** `index` of the row to begin with. Default: the one with the best finite score, else the first. */
  readonly first?: number
}

const WHO = 'k-center'

/**
 * K-center greedy (Gonzalez 1985; as a core-set, Sener & Savarese 2018, arXiv 1708.00489 §4.2): always the
 * row that is farthest from all rows kept before, argmax_i min_{j ∈ S} d_ij, so that no row is far from a
 * kept one. It spreads over everything, outliers first.
 *
 * d is the Euclidean distance of the vectors at unit length, √(2 − 2 cosine), of rows rounded as in
 * `FixedPointRows`: squares of it are whole numbers, and every GPU keeps the same rows. Of equally far rows
 * the one with the lowest index is next. Scores decide only the beginning: the best one, or with none at all
 * the lowest index. A kept row's value is its distance when it was taken. Rows whose embedding is zero or not
 * finite are invalid.
 *
 * @throws {SelectionError} if an option is out of its range
 */
export function kCenter({ budget, first, ...bank }: KCenterOptions): Selector {
  checkBudget(WHO, budget)
  checkBank(WHO, bank)
  return { name: WHO, select: (pool, options) => run(pool, { ...options, ...bank }, budget, first) }
}

async function run(
  pool: Pool,
  options: BankOptions & SelectOptions,
  budget: Budget,
  first: number | undefined,
): Promise<Outcome[]> {
  const { items } = pool
  const meter = budgetMeter(WHO, budget, items)
  const decided = new Map<PoolItem, Decision>()
  const picks = new Picks()
  if (meter.full) return picks.outcomes(items, decided)
  using placed = await fixedPointPool(WHO, items, vectorsOf(WHO, pool), decided, options)
  const begin = beginning(items, placed, first, decided)
  if (begin === -1) return picks.outcomes(items, decided)
  const item = placed.items[begin]!
  if (meter.take(item)) {
    picks.add(item, null, first === undefined ? 'the best score to begin with' : 'the row to begin with')
  }
  using farthest = new FarthestRows(placed.bank, { first: begin })
  while (!meter.full) {
    options.signal?.throwIfAborted()
    const found = await farthest.next(meter.room)
    if (found.length === 0) break
    for (const { row, squared } of found) {
      const item = placed.items[row]!
      if (!meter.take(item)) break
      const distance = Math.sqrt(squared) / LENGTH
      picks.add(item, distance, `${distance.toFixed(4)} from the nearest row kept before it`)
    }
    const kept = picks.size
    options.onProgress?.({ decided: decided.size + kept, total: items.length, kept })
  }
  return picks.outcomes(items, decided)
}

/** Row of the bank to begin with; -1 if it has none. @throws {SelectionError} if `first` is none of them */
function beginning(
  items: readonly PoolItem[],
  placed: FixedPointPool,
  first: number | undefined,
  decided: ReadonlyMap<PoolItem, Decision>,
): number {
  if (first === undefined) {
    return byScore(placed.items)[0] ?? -1
  }
  const item = items.find(({ index }) => index === first)
  const row = item ? placed.items.indexOf(item) : -1
  if (row !== -1) return row
  const decision = item && decided.get(item)
  const reason = decision?.kind === 'invalid' ? decision.reason : 'it is not in the pool'
  throw new SelectionError(`${WHO}: the row to begin with, index ${first}, cannot be taken: ${reason}`)
}
