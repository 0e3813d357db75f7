import { type Budget, budgetMeter, checkBudget } from './budget'
import { keepFirst } from './keep-first'
import type { PoolItem } from './pool'
import { checkSeed, randomKey } from './random-key'
import type { Selector } from './selector'

export interface RandomOptions {
  readonly budget: Budget
  readonly seed: number
}

/**
 * Rows by chance: the baseline to beat. Most published methods do not (arXiv 2503.01807, 2410.09335).
 *
 * Each row gets a key in (0, 1) that is a hash of the seed and its `id`, and the smallest keys are kept, those of
 * equal ids by index. What is kept of a pool therefore is what is kept of the rows that its parts keep, each with
 * the same budget in rows: parts can be drawn from alone. The value of an outcome is the key.
 *
 * @throws {SelectionError} if an option is out of its range
 */
export function random({ budget, seed }: RandomOptions): Selector {
  checkBudget('random', budget)
  checkSeed('random', seed)
  return {
    name: 'random',
    async select({ items }, options) {
      const meter = budgetMeter('random', budget, items)
      return keepFirst(items, item => meter.take(item), standAtRandom(seed), options)
    },
  }
}

/** Stands where a hash of the seed and the id puts it. */
export const standAtRandom =
  (seed: number) =>
  ({ id }: Pick<PoolItem, 'id'>) => {
    const key = randomKey(seed, 'random', id)
    return { key, value: key }
  }
