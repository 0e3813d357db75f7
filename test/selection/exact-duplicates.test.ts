import fc from 'fast-check'
import { expect, it } from 'vitest'
import { exactDuplicates } from '../../src/selection/exact-duplicates'
import type { PoolItem } from '../../src/selection/pool'
import { select } from '../../src/selection/selector'
import { outcomes, sortedBy } from '../reference/outcomes'
import { asBudget, decided, rows, withBudget } from './items'

const contentOf = ({ content, text }: PoolItem) => content ?? text

it('keeps the first of each content', async () => {
  await fc.assert(
    fc.asyncProperty(withBudget(rows), async ({ items, wish }) => {
      const sorted = sortedBy(items, ({ index }) => index)
      const firstOf = (item: PoolItem) => sorted.find(other => contentOf(other) === contentOf(item))!
      const firsts = sorted.filter(item => firstOf(item) === item)
      const want = outcomes(items, firsts, wish, item => ({ kind: 'duplicate', of: firstOf(item).index }))
      expect(await decided(items, exactDuplicates({ budget: asBudget(wish) }))).toEqual(want)
    }),
    { numRuns: 300, seed: 1 },
  )
})

it('takes texts as they are', async () => {
  const texts = ['a', 'A', 'a ', 'ä', 'a\u0308', 'a', '__proto__', '__proto__']
  const items = texts.map((text, index) => ({ index, id: 'same', score: 0, text }))
  const { kept, outcomes } = await select({ items }, exactDuplicates())
  expect(kept).toEqual([0, 1, 2, 3, 4, 6])
  expect(outcomes[5]).toEqual({
    index: 5,
    id: 'same',
    value: null,
    position: null,
    decision: { kind: 'duplicate', of: 0 },
  })
  expect(() => exactDuplicates({ budget: -1 })).toThrow(/exact-duplicates: budget is -1/)
})
