import fc from 'fast-check'
import { expect, it } from 'vitest'
import { perplexityBand } from '../../src/selection/perplexity-band'
import type { PoolItem } from '../../src/selection/pool'
import { select } from '../../src/selection/selector'
import { outcomes, sortedBy } from '../reference/outcomes'
import { randomKey } from '../reference/random-key'
import { asBudget, decided, numberOr, rows, seeds, withBudget } from './items'

/** 100 · (rows below + half of those that equal it) / rows, by counting. */
function percentile(item: PoolItem, scored: readonly PoolItem[]): number {
  const score = numberOr(item.score)
  const below = scored.filter(other => numberOr(other.score) < score).length
  const equal = scored.filter(other => numberOr(other.score) === score).length
  return (100 * (below + equal / 2)) / scored.length
}

const bands = fc
  .tuple(fc.nat({ max: 20 }), fc.nat({ max: 20 }))
  .map(([a, b]) => ({ low: 5 * Math.min(a, b), high: 5 * Math.max(a, b) }))

it('keeps rows of the band, drawn with the seed', async () => {
  await fc.assert(
    fc.asyncProperty(withBudget(rows), bands, seeds, async ({ items, wish }, band, seed) => {
      const scored = items.filter(({ score }) => Number.isFinite(score))
      const inBand = scored.filter(item => {
        const at = percentile(item, scored)
        return at >= band.low && at <= band.high
      })
      const sorted = sortedBy(inBand, ({ id }) => randomKey(seed, 'perplexity-band', id))
      const want = outcomes(items, sorted, wish, item => ({
        kind: scored.includes(item) ? 'excluded' : 'invalid',
      }))
      expect(await decided(items, perplexityBand({ ...band, budget: asBudget(wish), seed }))).toEqual(want)
    }),
    { numRuns: 300, seed: 1 },
  )
})

const pool = (...scores: number[]) =>
  scores.map((score, index) => ({ index, id: `${index}`, score, text: '' }))
const kept = async (items: PoolItem[], low: number, high: number) => {
  const selection = await select({ items }, perplexityBand({ low, high, budget: Infinity, seed: 1 }))
  return [...selection.kept].sort((a, b) => a - b)
}

it('takes the middle half of distinct scores, both ends of a band, and equal scores together', async () => {
  expect(await kept(pool(4, 1, 3, 2), 25, 75)).toEqual([2, 3])
  expect(await kept(pool(4, 1, 3, 2), 12.5, 37.5)).toEqual([1, 3])
  expect(await kept(pool(1, 7, 7, 7), 60, 65)).toEqual([1, 2, 3])
  expect(await kept(pool(0, -0), 50, 50)).toEqual([0, 1])
  expect(await kept(pool(5), 0, 100)).toEqual([0])
})

it('says where a row lies', async () => {
  const { outcomes } = await select(
    { items: pool(1, 2, 3) },
    perplexityBand({ low: 40, high: 60, budget: 9, seed: 1 }),
  )
  expect(outcomes.map(({ decision }) => decision)).toEqual([
    { kind: 'excluded', reason: 'its score 1 is at percentile 16.67, below 40' },
    { kind: 'kept', rank: 0 },
    { kind: 'excluded', reason: 'its score 3 is at percentile 83.33, above 60' },
  ])
})

it('explains what it cannot take', () => {
  const options = { budget: 1, seed: 1 }
  for (const [low, high] of [
    [-1, 5],
    [6, 5],
    [0, 101],
    [NaN, 5],
  ] as const) {
    expect(() => perplexityBand({ ...options, low, high })).toThrow(
      `perplexity-band: the band is ${low} to ${high}`,
    )
  }
  expect(() => perplexityBand({ low: 0, high: 9, budget: 1, seed: NaN })).toThrow(/seed is NaN/)
  expect(() => perplexityBand({ low: 0, high: 9, budget: -1, seed: 0 })).toThrow(/budget is -1/)
})
