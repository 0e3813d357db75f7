import fc from 'fast-check'
import { expect, it } from 'vitest'
import { select } from '../../src/selection/selector'
import { superfiltering } from '../../src/selection/superfiltering'
import { outcomes, sortedBy } from '../reference/outcomes'
import { asBudget, decided, numberOr, rows, withBudget } from './items'

it('keeps the highest below the limit', async () => {
  await fc.assert(
    fc.asyncProperty(
      withBudget(rows),
      fc.constantFrom(undefined, 0.5, 1, 1.5, Infinity),
      async ({ items, wish }, limit) => {
        const scored = items.filter(({ score }) => Number.isFinite(score))
        const below = scored.filter(({ score }) => numberOr(score) < (limit ?? 1))
        const sorted = sortedBy(below, ({ score }) => -numberOr(score))
        const want = outcomes(items, sorted, wish, item => ({
          kind: scored.includes(item) ? 'excluded' : 'invalid',
        }))
        const options = { budget: asBudget(wish), ...(limit === undefined ? {} : { limit }) }
        expect(await decided(items, superfiltering(options))).toEqual(want)
      },
    ),
    { numRuns: 300, seed: 1 },
  )
})

it('leaves out an IFD of exactly 1, and says why', async () => {
  const items = [0.7, 1, NaN].map((score, index) => ({ index, id: `${index}`, score, text: '' }))
  const { outcomes } = await select({ items }, superfiltering({ budget: 3 }))
  expect(outcomes.map(({ decision }) => decision)).toEqual([
    { kind: 'kept', rank: 0 },
    {
      kind: 'excluded',
      reason: 'its IFD 1 is not below 1: its instruction does not help to predict its answer',
    },
    { kind: 'invalid', reason: 'its IFD is NaN' },
  ])
  expect(() => superfiltering({ budget: 1, limit: 0 })).toThrow(/superfiltering: limit is 0/)
  expect(() => superfiltering({ budget: -2 })).toThrow(/superfiltering: budget is -2/)
})
