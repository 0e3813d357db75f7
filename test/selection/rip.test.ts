import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { PairItem } from '../../src/selection/pool'
import { rip, type Threshold } from '../../src/selection/rip'
import { select } from '../../src/selection/selector'
import { outcomes, sortedBy } from '../reference/outcomes'
import { asBudget, decided, numberOr, pairs, withBudget } from './items'

/** NumPy's default: between the neighbours of q · (n − 1). */
function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = q * (sorted.length - 1)
  const [a, b] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!]
  return a + (b - a) * (at % 1)
}

const rewardOf = ({ rejectedReward }: PairItem) => numberOr(rejectedReward)
const lengthOf = ({ rejectedTokens = NaN }: PairItem) => rejectedTokens
const gapOf = ({ chosenReward, rejectedReward }: PairItem) =>
  numberOr(chosenReward) - numberOr(rejectedReward)

const threshold: fc.Arbitrary<Threshold | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.integer({ min: -2, max: 8 }).map(n => n / 2),
  fc.constantFrom(0, 0.25, 0.5, 0.75, 1).map(quantile => ({ quantile })),
)

it('keeps good, long enough rejected answers near the chosen ones', async () => {
  const thresholds = fc.record({ minReward: threshold, minTokens: threshold, maxGap: threshold })
  await fc.assert(
    fc.asyncProperty(
      withBudget(pairs),
      thresholds,
      async ({ items, wish }, { minReward, minTokens, maxGap }) => {
        const rows = items.map(item => ({ ...item, tokens: (item.chosenTokens ?? NaN) + lengthOf(item) }))
        const known = rows.filter(
          pair =>
            Number.isFinite(gapOf(pair)) && (minTokens === undefined || Number.isFinite(lengthOf(pair))),
        )
        const value = (wanted: Threshold | undefined, of: (pair: PairItem) => number, none: number) =>
          wanted === undefined
            ? none
            : typeof wanted === 'number'
              ? wanted
              : quantile(known.map(of), wanted.quantile)
        const [reward, length, gap] = [
          value(minReward, rewardOf, -Infinity),
          value(minTokens, lengthOf, -Infinity),
          value(maxGap, gapOf, Infinity),
        ]
        const passing = known.filter(
          pair =>
            rewardOf(pair) >= reward &&
            (minTokens === undefined || lengthOf(pair) >= length) &&
            gapOf(pair) <= gap,
        )
        const want = outcomes(rows, sortedBy(passing, gapOf), wish, pair => ({
          kind: known.includes(pair) ? 'excluded' : 'invalid',
        }))
        const given = Object.entries({ minReward, minTokens, maxGap }).filter(
          ([, wanted]) => wanted !== undefined,
        )
        const selector = rip({ ...Object.fromEntries(given), budget: asBudget(wish) })
        expect(await decided(items, selector)).toEqual(want)
      },
    ),
    { numRuns: 400, seed: 1 },
  )
})

it('says everything that a pair fails in', async () => {
  const items = [
    { index: 0, id: 'a', chosenReward: 5, rejectedReward: 4, rejectedTokens: 20 },
    { index: 1, id: 'b', chosenReward: 5, rejectedReward: 1, rejectedTokens: 3 },
    { index: 2, id: 'c', chosenReward: 5, rejectedReward: 4 },
  ]
  const { outcomes } = await select({ items }, rip({ minReward: 2, minTokens: 10, maxGap: 3 }))
  expect(outcomes.map(({ value, decision }) => [value, decision])).toEqual([
    [1, { kind: 'kept', rank: 0 }],
    [
      4,
      {
        kind: 'excluded',
        reason:
          "its rejected answer's reward 1 is below 2; its rejected answer has 3 tokens, fewer than 10; its reward gap 4 is above 3",
      },
    ],
    [null, { kind: 'invalid', reason: "its rejected answer's length is not known" }],
  ])
})

it('explains what it cannot take', () => {
  expect(() => rip({ minReward: NaN })).toThrow(/rip: minReward is NaN/)
  expect(() => rip({ minTokens: { quantile: 1.5 } })).toThrow(/rip: minTokens is the quantile 1.5/)
  expect(() => rip({ maxGap: { quantile: NaN } })).toThrow(/rip: maxGap is the quantile NaN/)
  expect(() => rip({ budget: -1 })).toThrow(/rip: budget is -1/)
})
