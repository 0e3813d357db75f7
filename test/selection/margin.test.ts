import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { margin } from '../../src/selection/margin'
import { externalGap, implicitGap, lengthGap } from '../../src/selection/pair-gaps'
import type { PairItem } from '../../src/selection/pool'
import { select } from '../../src/selection/selector'
import { similarLengths } from '../../src/selection/similar-lengths'
import { outcomes, sortedBy } from '../reference/outcomes'
import { asBudget, decided, numberOr, pairs, withBudget } from './items'

const tokensOf = ({ chosenTokens = NaN, rejectedTokens = NaN }: PairItem) => chosenTokens + rejectedTokens

/** The reference counts a pair's tokens where an item has its own. */
const sizedPairs = (items: readonly PairItem[]) => items.map(item => ({ ...item, tokens: tokensOf(item) }))

const keeps = fc.oneof(
  fc.constantFrom('large' as const, 'small' as const),
  fc.tuple(fc.integer({ min: -8, max: 8 }), fc.integer({ min: -8, max: 8 })).map(([a, b]) => ({
    low: Math.min(a, b) / 4,
    high: Math.max(a, b) / 4,
  })),
)

describe('margin', () => {
  it('keeps the pairs of large, small or middling gaps', async () => {
    const of = fc.constantFrom('implicit' as const, 'external' as const)
    await fc.assert(
      fc.asyncProperty(withBudget(pairs), of, keeps, async ({ items, wish }, of, keep) => {
        const rows = sizedPairs(items)
        const gapOf = (pair: PairItem) =>
          of === 'implicit'
            ? numberOr(pair.implicitMargin)
            : numberOr(pair.chosenReward) - numberOr(pair.rejectedReward)
        const known = rows.filter(pair => Number.isFinite(gapOf(pair)))
        const inBand = known.filter(
          pair => typeof keep === 'string' || (gapOf(pair) >= keep.low && gapOf(pair) <= keep.high),
        )
        const sorted = sortedBy(inBand, pair =>
          keep === 'large'
            ? -gapOf(pair)
            : keep === 'small'
              ? gapOf(pair)
              : Math.abs(gapOf(pair) - (keep.low + keep.high) / 2),
        )
        const want = outcomes(rows, sorted, wish, pair => ({
          kind: known.includes(pair) ? 'excluded' : 'invalid',
        }))
        expect(await decided(items, margin({ of, keep, budget: asBudget(wish) }))).toEqual(want)
      }),
      { numRuns: 400, seed: 1 },
    )
  })

  it('says what the gap is, and why a pair is left out', async () => {
    const items = [
      { index: 0, id: 'a', chosenReward: 3, rejectedReward: 1 },
      { index: 1, id: 'b', chosenReward: 1, rejectedReward: 3 },
      { index: 2, id: 'c', chosenReward: 1 },
      { index: 3, id: 'd', chosenReward: { missing: 'the judge failed' }, rejectedReward: 3 },
      { index: 4, id: 'e', chosenReward: 1e308, rejectedReward: -1e308 },
    ]
    const { outcomes } = await select(
      { items },
      margin({ of: 'external', keep: { low: 0, high: 5 }, budget: 9 }),
    )
    expect(outcomes.map(({ value, decision }) => [value, decision])).toEqual([
      [2, { kind: 'kept', rank: 0 }],
      [-2, { kind: 'excluded', reason: 'its external margin -2 is below 0' }],
      [null, { kind: 'invalid', reason: "its rejected answer's reward is not known" }],
      [null, { kind: 'invalid', reason: 'the judge failed' }],
      [null, { kind: 'invalid', reason: 'its reward gap is Infinity' }],
    ])
  })

  it('explains what it cannot take', async () => {
    const options = { of: 'implicit', keep: 'small', budget: 1 } as const
    expect(() => margin({ ...options, budget: -1 })).toThrow(/margin: budget is -1/)
    expect(() => margin({ ...options, of: 'mine' as 'implicit' })).toThrow(/margin: of is mine/)
    expect(() => margin({ ...options, keep: 'big' as 'large' })).toThrow(/margin: keep is big/)
    expect(() => margin({ ...options, keep: { low: 2, high: 1 } })).toThrow(/the band is 2 to 1/)
    expect(() => margin({ ...options, keep: { low: 2, high: Infinity } })).toThrow(
      /the band is 2 to Infinity/,
    )
    const unsized = select({ items: [{ index: 0, id: 'a' }] }, margin({ ...options, budget: { tokens: 4 } }))
    await expect(unsized).rejects.toThrow(/margin: the budget is in tokens, but row a has undefined/)
  })
})

describe('similar-lengths', () => {
  it('keeps the pairs of the smallest gap in length', async () => {
    await fc.assert(
      fc.asyncProperty(withBudget(pairs), fc.nat({ max: 9 }), async ({ items, wish }, maxGap) => {
        const rows = sizedPairs(items)
        const gapOf = ({ chosenTokens = NaN, rejectedTokens = NaN }: PairItem) =>
          Math.abs(chosenTokens - rejectedTokens)
        const known = rows.filter(pair => Number.isFinite(gapOf(pair)))
        const sorted = sortedBy(
          known.filter(pair => gapOf(pair) <= maxGap),
          gapOf,
        )
        const want = outcomes(rows, sorted, wish, pair => ({
          kind: known.includes(pair) ? 'excluded' : 'invalid',
        }))
        expect(await decided(items, similarLengths({ maxGap, budget: asBudget(wish) }))).toEqual(want)
      }),
      { numRuns: 300, seed: 1 },
    )
  })

  it('says which answer is longer', async () => {
    const items = [
      { index: 0, id: 'a', chosenTokens: 9, rejectedTokens: 1 },
      { index: 1, id: 'b', chosenTokens: 1, rejectedTokens: 9 },
      { index: 2, id: 'c', chosenTokens: 1 },
    ]
    const { outcomes } = await select({ items }, similarLengths({ maxGap: 5 }))
    expect(outcomes.map(({ value, decision }) => [value, 'reason' in decision && decision.reason])).toEqual([
      [8, 'its chosen answer is 8 tokens longer, more than 5'],
      [-8, 'its rejected answer is 8 tokens longer, more than 5'],
      [null, "its rejected answer's length is not known"],
    ])
    expect(() => similarLengths({ maxGap: -1 })).toThrow(/similar-lengths: maxGap is -1/)
    expect(() => similarLengths({ maxGap: 1, budget: NaN })).toThrow(/similar-lengths: budget is NaN/)
  })
})

it('defines the gaps', () => {
  const pair = {
    index: 0,
    id: 'a',
    implicitMargin: -0.5,
    chosenReward: 4,
    rejectedReward: 1,
    chosenTokens: 3,
    rejectedTokens: 7,
  }
  expect([implicitGap(pair), externalGap(pair), lengthGap(pair)]).toEqual([-0.5, 3, -4])
  const bare = { index: 0, id: 'a' }
  expect([implicitGap(bare), externalGap(bare), lengthGap(bare)]).toEqual([
    { missing: 'its implicit margin is not known' },
    { missing: "its chosen answer's reward is not known" },
    { missing: "its chosen answer's length is not known" },
  ])
})
