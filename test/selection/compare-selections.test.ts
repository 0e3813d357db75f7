import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compareSelections } from '../../src/selection/compare-selections'
import type { PoolItem } from '../../src/selection/pool'
import { select } from '../../src/selection/selector'
import { topScore } from '../../src/selection/top-score'
import * as reference from '../reference/compare-selections'
import { sortedBy } from '../reference/outcomes'
import { randomKey } from '../reference/random-key'
import { numberOr, rows, seeds } from './items'

/** Numbers to nine digits: a mean may be summed in another order. */
const close = (value: unknown): unknown =>
  typeof value === 'number'
    ? expect.closeTo(value, 9)
    : Array.isArray(value)
      ? value.map(close)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, close(inner)]))
        : value

const cases = fc.oneof(rows({ sized: true }), rows({ sized: false })).chain(items =>
  fc.record({
    items: fc.constant(items),
    chosen: fc.array(fc.shuffledSubarray(items.map(({ index }) => index)), { maxLength: 4 }),
    seed: seeds,
  }),
)

it('equals the reference', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ items, chosen, seed }) => {
      const inTokens = items.every(({ tokens = NaN }) => Number.isFinite(tokens) && tokens >= 0)
      const plain = items.map(item => ({
        index: item.index,
        id: item.id,
        score: numberOr(item.score),
        length: inTokens ? item.tokens! : Array.from(item.text).length,
        source: item.source ?? null,
      }))
      const of = (indices: readonly number[]) =>
        reference.profile(plain.filter(({ index }) => indices.includes(index)))
      const byChance = sortedBy(plain, ({ id }) => randomKey(seed, 'random', id)).map(({ index }) => index)
      const byLength = sortedBy(plain, ({ length }) => -length).map(({ index }) => index)
      const selections = new Map(chosen.map((kept, i) => [`set ${i}`, { kept }]))
      const got = await compareSelections({ items }, selections, { seed })
      expect(got.unit).toBe(inTokens ? 'tokens' : 'characters')
      expect(got.pool).toEqual(close(of(items.map(({ index }) => index))))
      const want = chosen.map((kept, i) => ({
        name: `set ${i}`,
        profile: of(kept),
        overlaps: chosen.map(other => reference.jaccard(kept, other)),
        ...Object.fromEntries(
          Object.entries({ random: byChance, longest: byLength }).map(([name, all]) => {
            const same = all.slice(0, kept.length)
            return [name, { profile: of(same), overlap: reference.jaccard(kept, same) }]
          }),
        ),
      }))
      expect(got.selections.map(({ inWords, ...numbers }) => numbers)).toEqual(close(want))
      for (const [i, kept] of chosen.entries()) {
        const shared = (all: readonly number[]) =>
          all.slice(0, kept.length).filter(index => kept.includes(index)).length
        expect(got.selections[i]!.inWords).toBe(
          `set ${i}: of ${kept.length} rows, as many random ones share ${shared(byChance)}, and the longest ${shared(byLength)}.`,
        )
      }
    }),
    { numRuns: 250, seed: 1 },
  )
})

const items: PoolItem[] = [3, 1, 2].map((score, index) => ({
  index,
  id: `${index}`,
  score,
  text: 'x'.repeat(score),
}))

it('says that most ways to select do not beat random, with the sources', async () => {
  const top = await select({ items }, topScore({ budget: 1 }))
  const { caution, selections } = await compareSelections({ items }, new Map([['top', top]]), { seed: 0 })
  expect(caution).toMatch(/do not beat random rows.*2503\.01807, 2410\.09335/)
  expect(selections[0]!.longest.overlap).toBe(1)
  expect(selections[0]!.inWords).toMatch(
    /^top: of 1 rows, as many random ones share [01], and the longest 1\.$/,
  )
})

it('explains what it cannot take', async () => {
  const compare = (kept: number[], seed = 0) =>
    compareSelections({ items }, new Map([['mine', { kept }]]), { seed })
  await expect(compare([7])).rejects.toThrow(/mine keeps row 7, which the pool does not have/)
  await expect(compare([1, 1])).rejects.toThrow(/mine keeps row 1 twice/)
  await expect(compare([1], -1)).rejects.toThrow(/seed is -1/)
})
