import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { PoolItem } from '../../src/selection/pool'
import { random } from '../../src/selection/random'
import { select } from '../../src/selection/selector'
import { outcomes, sortedBy } from '../reference/outcomes'
import { randomKey } from '../reference/random-key'
import { asBudget, decided, rows, seeds, withBudget } from './items'

it('keeps the smallest keys', async () => {
  await fc.assert(
    fc.asyncProperty(withBudget(rows), seeds, async ({ items, wish }, seed) => {
      const keyOf = ({ id }: PoolItem) => randomKey(seed, 'random', id)
      const selector = random({ budget: asBudget(wish), seed })
      expect(await decided(items, selector)).toEqual(outcomes(items, sortedBy(items, keyOf), wish))
      const { outcomes: got } = await select({ items }, selector)
      expect(got.map(({ value }) => value)).toEqual(items.map(keyOf))
    }),
    { numRuns: 300, seed: 1 },
  )
})

it('keeps of all rows what it keeps of the rows that the shards keep', async () => {
  const cases = fc.record({
    items: rows({ sized: false }),
    seed: seeds,
    budget: fc.nat({ max: 12 }),
    shards: fc.integer({ min: 1, max: 5 }),
    by: fc.array(fc.nat({ max: 4 }), { minLength: 16, maxLength: 16 }),
  })
  await fc.assert(
    fc.asyncProperty(cases, async ({ items, seed, budget, shards, by }) => {
      const keep = async (some: readonly PoolItem[]) => {
        const { kept } = await select({ items: some }, random({ budget, seed }))
        return kept.map(index => some.find(item => item.index === index)!)
      }
      const parts = Array.from({ length: shards }, (_, s) => items.filter((_, i) => by[i]! % shards === s))
      const survivors = (await Promise.all(parts.map(keep))).flat()
      expect(await keep(survivors)).toEqual(await keep(items))
    }),
    { numRuns: 300, seed: 2 },
  )
})

it('keeps other rows with another seed', async () => {
  const items = Array.from({ length: 100 }, (_, index) => ({ index, id: `${index}`, score: 0, text: '' }))
  const kept = async (seed: number) => (await select({ items }, random({ budget: 50, seed }))).kept
  expect(await kept(1)).toEqual(await kept(1))
  const [a, b] = [await kept(1), await kept(2)]
  const shared = a.filter(index => b.includes(index)).length
  // Hypergeometric: 25 ± 2.5.
  expect(Math.abs(shared - 25)).toBeLessThan(13)
})

it('explains what it cannot take', () => {
  expect(() => random({ budget: -1, seed: 0 })).toThrow(/random: budget is -1/)
  expect(() => random({ budget: 1, seed: 0.5 })).toThrow(/random: seed is 0.5/)
})
