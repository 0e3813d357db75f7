import { type Budget, budgetMeter, checkBudget } from './budget'
import { keepFirst } from './keep-first'
import type { PoolItem } from './pool'
import { standAtRandom } from './random'
import { checkSeed } from './random-key'
import type { Selector } from './selector'

export interface StratifiedOptions {
  readonly budget: Budget
  readonly seed: number
  /** The stratum of a row; its source, unless given. Rows for which it is undefined are a stratum of their own. */
  readonly by?: (item: PoolItem) => string | undefined
}

interface Stratum {
  readonly members: PoolItem[]
  first: number
}

/**
 * Rows by chance, but from each stratum its share: a source with a tenth of the rows has a tenth of the budget.
 *
 * Shares are rounded by the largest remainder: each stratum gets its share rounded down, and what is left goes one
 * by one to the largest remainders; of equal ones to the stratum with more rows, then to the one whose first row
 * comes first. Inside a stratum rows are drawn as `random` draws them, with the same keys; the value of an outcome
 * is the key. A budget in tokens is shared out in proportion to the strata's tokens, in whole tokens, and each
 * stratum ends with the first row that exceeds its part.
 *
 * @throws {SelectionError} if an option is out of its range
 */
export function stratified({ budget, seed, by = ({ source }) => source }: StratifiedOptions): Selector {
  checkBudget('stratified', budget)
  checkSeed('stratified', seed)
  return {
    name: 'stratified',
    async select({ items }, options) {
      const whole = budgetMeter('stratified', budget, items)
      const strata = new Map<string | undefined, Stratum>()
      for (const item of items) {
        const stratum = strata.get(by(item))
        if (!stratum) strata.set(by(item), { members: [item], first: item.index })
        else {
          stratum.members.push(item)
          stratum.first = Math.min(stratum.first, item.index)
        }
      }
      const ordered = [...strata].sort(([, a], [, b]) => a.first - b.first)
      const budgets =
        typeof budget === 'object' && 'tokens' in budget
          ? tokenBudgets(budget.tokens, ordered)
          : apportion(
              whole.room,
              ordered.map(([, { members }]) => members.length),
            )
      const meters = new Map(
        ordered.map(([name, { members }], i) => [name, budgetMeter('stratified', budgets[i]!, members)]),
      )
      return keepFirst(items, item => meters.get(by(item))!.take(item), standAtRandom(seed), options)
    },
  }
}

function tokenBudgets(tokens: number, strata: readonly (readonly [unknown, Stratum])[]): Budget[] {
  const sizes = strata.map(([, { members }]) => members.reduce((sum, item) => sum + (item.tokens ?? 0), 0))
  const all = sizes.reduce((sum, size) => sum + size, 0)
  if (tokens >= all) return sizes.map(() => ({ tokens }))
  return apportion(Math.floor(tokens), sizes.map(Math.floor)).map(part => ({ tokens: part }))
}

/**
 * Whole parts of `total` in proportion to whole `sizes`, by the largest remainder; equal remainders go to the
 * larger size, then to the one that comes first.
 */
function apportion(total: number, sizes: readonly number[]): number[] {
  const all = BigInt(sizes.reduce((sum, size) => sum + size, 0))
  if (all === 0n) return sizes.map(() => 0)
  // Exact: tokens times tokens may exceed what a number holds.
  const products = sizes.map(size => BigInt(total) * BigInt(size))
  const parts = products.map(product => Number(product / all))
  const remainders = products.map(product => product % all)
  const order = [...sizes.keys()].sort((a, b) => {
    const [x, y] = [remainders[a]!, remainders[b]!]
    return x === y ? sizes[b]! - sizes[a]! || a - b : x > y ? -1 : 1
  })
  const left = total - parts.reduce((sum, part) => sum + part, 0)
  for (const stratum of order.slice(0, left)) parts[stratum]!++
  return parts
}
