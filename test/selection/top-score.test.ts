import fc from 'fast-check'
import { expect, it } from 'vitest'
import { select } from '../../src/selection/selector'
import { topScore } from '../../src/selection/top-score'
import { outcomes, sortedBy } from '../reference/outcomes'
import { asBudget, decided, numberOr, rows, withBudget } from './items'

it('keeps the highest scores', async () => {
  await fc.assert(
    fc.asyncProperty(withBudget(rows), async ({ items, wish }) => {
      const scored = items.filter(({ score }) => Number.isFinite(score))
      const sorted = sortedBy(scored, ({ score }) => -numberOr(score))
      expect(await decided(items, topScore({ budget: asBudget(wish) }))).toEqual(
        outcomes(items, sorted, wish),
      )
    }),
    { numRuns: 300, seed: 1 },
  )
})

it('says why a row has no place, and what each was ordered by', async () => {
  const scores = [1, NaN, { missing: 'the scorer failed' }, 2]
  const items = scores.map((score, index) => ({ index, id: `${index}`, score, text: '' }))
  const { kept, outcomes } = await select({ items }, topScore({ budget: 1 }))
  expect(kept).toEqual([3])
  expect(outcomes.map(({ value }) => value)).toEqual(scores)
  expect(outcomes.map(({ decision }) => decision)).toEqual([
    { kind: 'beyond budget' },
    { kind: 'invalid', reason: 'its score is NaN' },
    { kind: 'invalid', reason: 'the scorer failed' },
    { kind: 'kept', rank: 0 },
  ])
  expect(() => topScore({ budget: { fraction: 2 } })).toThrow(/top-score: budget is the fraction 2/)
})
