import fc from 'fast-check'
import { expect, it } from 'vitest'
import { byLength } from '../../src/selection/by-length'
import { select } from '../../src/selection/selector'
import { outcomes, sortedBy } from '../reference/outcomes'
import { asBudget, decided, rows, withBudget } from './items'

const bounds = fc.option(
  fc.tuple(fc.nat({ max: 8 }), fc.nat({ max: 8 })).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const),
)

it('keeps the longest, or the shortest', async () => {
  const order = fc.constantFrom('longest' as const, 'shortest' as const)
  await fc.assert(
    fc.asyncProperty(withBudget(rows), order, bounds, async ({ items, wish }, order, bounds) => {
      const [min, max] = bounds ?? [0, Infinity]
      const known = items.filter(({ tokens = -1 }) => tokens >= 0 && tokens < Infinity)
      const inBounds = known.filter(({ tokens = 0 }) => tokens >= min && tokens <= max)
      const sorted = sortedBy(inBounds, ({ tokens = 0 }) => (order === 'longest' ? -tokens : tokens))
      const want = outcomes(items, sorted, wish, item => ({
        kind: known.includes(item) ? 'excluded' : 'invalid',
      }))
      const options = { budget: asBudget(wish), order, ...(bounds ? { min, max } : {}) }
      expect(await decided(items, byLength(options))).toEqual(want)
    }),
    { numRuns: 300, seed: 1 },
  )
})

it('says why a row is left out', async () => {
  const items = [3, 5, 9, NaN, -1, undefined].map((tokens, index) => ({
    index,
    id: `${index}`,
    score: 0,
    text: '',
    ...(tokens === undefined ? {} : { tokens }),
  }))
  const { outcomes } = await select({ items }, byLength({ budget: 1, order: 'longest', min: 4, max: 8 }))
  expect(
    outcomes.map(({ value, decision }) => [value, 'reason' in decision ? decision.reason : decision.kind]),
  ).toEqual([
    [3, 'it has 3 tokens, fewer than 4'],
    [5, 'kept'],
    [9, 'it has 9 tokens, more than 8'],
    [null, 'its length in tokens is NaN'],
    [null, 'its length in tokens is -1'],
    [null, 'its length in tokens is not known'],
  ])
})

it('explains what it cannot take', () => {
  const order = 'longest'
  expect(() => byLength({ budget: 1.5, order })).toThrow(/by-length: budget is 1.5/)
  expect(() => byLength({ budget: 1, order: 'long' as 'longest' })).toThrow(/by-length: order is long/)
  expect(() => byLength({ budget: 1, order, min: 5, max: 4 })).toThrow(/by-length: min is 5 and max is 4/)
  expect(() => byLength({ budget: 1, order, min: -1 })).toThrow(/by-length: min is -1/)
  expect(() => byLength({ budget: 1, order, max: NaN })).toThrow(/max is NaN/)
})
