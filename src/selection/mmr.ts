import { FarthestRows } from '../similarity/farthest-row'
import { ONE } from '../similarity/fixed-point-rows'
import { type Budget, budgetMeter, checkBudget } from './budget'
import { type BankOptions, checkBank, fixedPointPool, vectorsOf } from './fixed-point-pool'
import { Picks } from './picks'
import type { Pool } from './pool'
import { SelectionError } from './selection-error'
import type { Outcome, SelectOptions, Selector } from './selector'
import { scoredItems, unitScores } from './unit-scores'

export interface MmrOptions extends BankOptions {
  readonly budget: Budget
  /** λ: 1 orders by score alone, 0 by distance alone. */
  readonly lambda: number
}

const WHO = 'mmr'

/**
 * Maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998): always the row with the largest
 * λ q_j − (1 − λ) max_{i ∈ S} cosine_ij over the rows S kept before; for the first row the maximum is 0.
 *
 * q is the score brought to [0, 1] over the rows that can be kept: the least becomes 0, the largest 1, and if
 * all are equal, each 1. Cosines are those of `FixedPointRows`, and what is compared are whole numbers, in
 * units of 1 / 2,048,000,000: λ q to the nearest, (1 − λ) in steps of 2⁻³² times 1 − cosine rounded down. So
 * every GPU keeps the same rows, of equal ones first the one with the lowest index. A kept row's value is the
 * formula's when it was taken. Rows whose score is no finite number, or whose embedding is zero or not
 * finite, are invalid.
 *
 * @throws {SelectionError} if an option is out of its range
 */
export function mmr({ budget, lambda, ...bank }: MmrOptions): Selector {
  checkBudget(WHO, budget)
  checkBank(WHO, bank)
  if (!(lambda >= 0 && lambda <= 1)) {
    throw new SelectionError(`${WHO}: lambda is ${lambda}, expected a number from 0 to 1`)
  }
  return { name: WHO, select: (pool, options) => run(pool, { ...options, ...bank }, budget, lambda) }
}

async function run(
  pool: Pool,
  options: BankOptions & SelectOptions,
  budget: Budget,
  lambda: number,
): Promise<Outcome[]> {
  const { items } = pool
  const meter = budgetMeter(WHO, budget, items)
  const { scored, decided } = scoredItems(items)
  const picks = new Picks()
  if (meter.full) return picks.outcomes(items, decided)
  using placed = await fixedPointPool(WHO, scored, vectorsOf(WHO, pool), decided, options)
  if (placed.items.length === 0) return picks.outcomes(items, decided)
  const quality = unitScores(placed.items)
  const bonus = Uint32Array.from(quality, q => Math.round(lambda * q * ONE))
  const first = bonus.indexOf(bonus.reduce((a, b) => Math.max(a, b)))
  if (meter.take(placed.items[first]!)) {
    picks.add(placed.items[first]!, lambda * quality[first]!, 'the best score to begin with')
  }
  using farthest = new FarthestRows(placed.bank, { first, weight: 1 - lambda, bonus })
  while (!meter.full) {
    options.signal?.throwIfAborted()
    const found = await farthest.next(meter.room)
    if (found.length === 0) break
    for (const { row, squared } of found) {
      const item = placed.items[row]!
      if (!meter.take(item)) break
      const q = quality[row]!
      const cosine = 1 - squared / ONE
      const because = `score at ${q.toFixed(4)} of the range, cosine ${cosine.toFixed(4)} with the nearest row kept before it`
      picks.add(item, lambda * q - (1 - lambda) * cosine, because)
    }
    const kept = picks.size
    options.onProgress?.({ decided: decided.size + kept, total: items.length, kept })
  }
  return picks.outcomes(items, decided)
}
