import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { betaDpo } from '../../src/selection/beta-dpo'
import type { Budget } from '../../src/selection/budget'
import { byLength } from '../../src/selection/by-length'
import { dsir } from '../../src/selection/dsir'
import { exactDuplicates } from '../../src/selection/exact-duplicates'
import { margin } from '../../src/selection/margin'
import { perplexityBand } from '../../src/selection/perplexity-band'
import type { Candidate } from '../../src/selection/pool'
import { random } from '../../src/selection/random'
import { rip } from '../../src/selection/rip'
import { type Selection, type Selector, select } from '../../src/selection/selector'
import { similarLengths } from '../../src/selection/similar-lengths'
import { stratified } from '../../src/selection/stratified'
import { superfiltering } from '../../src/selection/superfiltering'
import { topScore } from '../../src/selection/top-score'
import { asBudget, pairs, rows, withBudget } from './items'

const seed = 1

const ofRows = [
  (budget: Budget) => random({ budget, seed }),
  (budget: Budget) => stratified({ budget, seed }),
  (budget: Budget) => byLength({ budget, order: 'shortest', min: 1 }),
  (budget: Budget) => exactDuplicates({ budget }),
  (budget: Budget) => topScore({ budget }),
  (budget: Budget) => superfiltering({ budget }),
  (budget: Budget) => perplexityBand({ low: 20, high: 80, budget, seed }),
  (budget: Budget) => dsir({ target: ['the sea'], budget, seed }),
].map(make => [make(0).name, make] as const)

const ofPairs = [
  (budget: Budget) => margin({ of: 'implicit', keep: 'large', budget }),
  (budget: Budget) => margin({ of: 'external', keep: { low: -1, high: 1 }, budget }),
  (budget: Budget) => similarLengths({ maxGap: 5, budget }),
  (budget: Budget) => rip({ minReward: 0, maxGap: { quantile: 0.5 }, budget }),
  (budget: Budget) => betaDpo({ budget, seed, batchSize: 4 }),
].map(make => [make(0).name, make] as const)

/** What holds of every outcome, whatever the strategy. */
function lawful<Item extends Candidate>(items: readonly Item[], { kept, outcomes }: Selection) {
  expect(outcomes.map(({ index, id }) => ({ index, id }))).toEqual(
    items.map(({ index, id }) => ({ index, id })),
  )
  const positions = outcomes.flatMap(({ position }) => (position === null ? [] : [position]))
  expect(positions.sort((a, b) => a - b)).toEqual([...positions.keys()])
  const ranked = outcomes
    .flatMap(({ decision, ...rest }) => (decision.kind === 'kept' ? [{ ...rest, ...decision }] : []))
    .sort((a, b) => a.rank - b.rank)
  expect(ranked.map(({ index }) => index)).toEqual(kept)
  expect(ranked.map(({ rank }) => rank)).toEqual([...ranked.keys()])
  for (const [i, { position }] of ranked.entries()) {
    expect(position).not.toBeNull()
    if (i > 0) expect(position!).toBeGreaterThan(ranked[i - 1]!.position!)
  }
  for (const { position, decision } of outcomes) {
    expect(position === null).toBe(decision.kind !== 'kept' && decision.kind !== 'beyond budget')
  }
}

async function holds<Item extends Candidate>(
  cases: ReturnType<typeof withBudget<Item>>,
  make: (budget: Budget) => Selector<Item>,
) {
  await fc.assert(
    fc.asyncProperty(cases, async ({ items, wish }) => {
      const selection = await select({ items }, make(asBudget(wish)))
      lawful(items, selection)
      // The order of the pool plays no part.
      const reversed = await select({ items: items.toReversed() }, make(asBudget(wish)))
      expect(reversed.outcomes.toReversed()).toEqual(selection.outcomes)
    }),
    { numRuns: 200, seed: 1 },
  )
}

async function stops<Item extends Candidate>(make: (budget: Budget) => Selector<Item>, items: Item[]) {
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(make(1).select({ items }, { signal })).rejects.toThrow('enough')
  const seen: unknown[] = []
  await select({ items }, make(0), { onProgress: progress => seen.push(progress) })
  expect(seen).toEqual([{ decided: items.length, total: items.length, kept: 0 }])
  expect(await select({ items: [] }, make({ fraction: 1 }))).toEqual({ kept: [], outcomes: [] })
}

describe.each(ofRows)('%s', (_, make) => {
  it('gives every row its place and reason', () => holds(withBudget(rows), make))
  it('stops, says how far it is, and takes an empty pool', () =>
    stops(make, [{ index: 0, id: 'a', score: 1, text: 'a' }]))
})

describe.each(ofPairs)('%s', (_, make) => {
  it('gives every pair its place and reason', () => holds(withBudget(pairs), make))
  it('stops, says how far it is, and takes an empty pool', () => stops(make, [{ index: 0, id: 'a' }]))
})
