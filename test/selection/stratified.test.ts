import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { PoolItem } from '../../src/selection/pool'
import { random } from '../../src/selection/random'
import { select } from '../../src/selection/selector'
import { stratified } from '../../src/selection/stratified'
import { keptWithin, type Wish } from '../reference/budget'
import { sortedBy } from '../reference/outcomes'
import { randomKey } from '../reference/random-key'
import { apportion } from '../reference/stratified'
import { asBudget, decided, rows, seeds, withBudget } from './items'

const tokensOf = (items: readonly PoolItem[]) => items.reduce((sum, { tokens = 0 }) => sum + tokens, 0)

/** The seats of each stratum, as budgets of their own. */
function wishes(strata: readonly PoolItem[][], items: readonly PoolItem[], wish: Wish): Wish[] {
  if ('tokens' in wish) {
    if (wish.tokens >= tokensOf(items)) return strata.map(() => wish)
    return apportion(wish.tokens, strata.map(tokensOf)).map(tokens => ({ tokens }))
  }
  const sizes = strata.map(({ length }) => length)
  return apportion(keptWithin(items, wish, items.length), sizes).map(rows => ({ rows }))
}

function check(
  items: readonly PoolItem[],
  wish: Wish,
  seed: number,
  by: (item: PoolItem) => string | undefined,
) {
  const order = sortedBy(items, ({ id }) => randomKey(seed, 'random', id))
  const byIndex = sortedBy(items, () => 0)
  const strata = [...new Set(byIndex.map(by))].map(name => order.filter(item => by(item) === name))
  const kept = new Set(
    wishes(strata, items, wish).flatMap((part, s) =>
      strata[s]!.slice(0, keptWithin(strata[s]!, part, strata[s]!.length)),
    ),
  )
  const ranks = order.filter(item => kept.has(item))
  return items.map(item => ({
    index: item.index,
    position: order.indexOf(item),
    decision: kept.has(item) ? { kind: 'kept', rank: ranks.indexOf(item) } : { kind: 'beyond budget' },
  }))
}

it('gives each source its share', async () => {
  await fc.assert(
    fc.asyncProperty(withBudget(rows), seeds, async ({ items, wish }, seed) => {
      const selector = stratified({ budget: asBudget(wish), seed })
      expect(await decided(items, selector)).toEqual(check(items, wish, seed, ({ source }) => source))
    }),
    { numRuns: 300, seed: 1 },
  )
})

it('takes any strata', async () => {
  await fc.assert(
    fc.asyncProperty(withBudget(rows), seeds, async ({ items, wish }, seed) => {
      const by = ({ text }: PoolItem) => (text === '' ? undefined : text[0]!.toLowerCase())
      const selector = stratified({ budget: asBudget(wish), seed, by })
      expect(await decided(items, selector)).toEqual(check(items, wish, seed, by))
    }),
    { numRuns: 200, seed: 2 },
  )
})

const pool = (...sources: (string | undefined)[]): PoolItem[] =>
  sources.map((source, index) => ({
    index,
    id: `${index}`,
    score: 0,
    text: '',
    tokens: 10,
    ...(source ? { source } : {}),
  }))

const mix = async (items: readonly PoolItem[], budget: number) => {
  const { kept } = await select({ items }, stratified({ budget, seed: 1 }))
  const counts: Record<string, number> = {}
  for (const index of kept)
    counts[items[index]!.source ?? 'none'] = (counts[items[index]!.source ?? 'none'] ?? 0) + 1
  return counts
}

it('rounds by the largest remainder', async () => {
  const items = pool(...Array<string>(6).fill('a'), ...Array<string>(3).fill('b'), undefined)
  // Shares of 3: 1.8, 0.9 and 0.3.
  expect(await mix(items, 3)).toEqual({ a: 2, b: 1 })
  // Shares of 5: 3, 1.5 and 0.5; of the equal remainders the one of more rows.
  expect(await mix(items, 5)).toEqual({ a: 3, b: 2 })
  // Two equal strata, one row: the one that comes first.
  expect(await mix(pool('y', 'x', 'y', 'x'), 1)).toEqual({ y: 1 })
  expect(await mix(items, 99)).toEqual({ a: 6, b: 3, none: 1 })
})

it('is random in a pool of one source', async () => {
  const items = pool(...Array<string>(20).fill('a'))
  const options = { budget: 7, seed: 5 }
  expect(await select({ items }, stratified(options))).toEqual(await select({ items }, random(options)))
})

it('explains what it cannot take', async () => {
  expect(() => stratified({ budget: NaN, seed: 0 })).toThrow(/stratified: budget is NaN/)
  expect(() => stratified({ budget: 1, seed: -1 })).toThrow(/stratified: seed is -1/)
  const [{ tokens, ...unsized }] = pool('a') as [PoolItem]
  const selected = select({ items: [unsized] }, stratified({ budget: { tokens }, seed: 0 } as never))
  await expect(selected).rejects.toThrow(/stratified: the budget is in tokens, but row 0 has undefined/)
})
