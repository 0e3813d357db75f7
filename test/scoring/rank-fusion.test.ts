import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rankFusion } from '../../src/scoring/rank-fusion'
import type { Score } from '../../src/scoring/score'
import { ScorerError } from '../../src/scoring/scorer-error'

test('adds up the reciprocal ranks; equal scores share the better one', () => {
  expect(rankFusion([[10, 30, 20, 20]], { k: 0 })).toEqual([1 / 4, 1, 1 / 2, 1 / 2])
  expect(
    rankFusion([
      [3, 2, 1],
      [0.1, 0.3, 0.2],
    ]),
  ).toEqual([1 / 61 + 1 / 63, 1 / 62 + 1 / 61, 1 / 63 + 1 / 62])
})

test('is the plain count of how many are better, over the numbers alone', () => {
  const score = fc.oneof<fc.Arbitrary<Score>[]>(
    fc.integer({ min: 0, max: 5 }),
    fc.constant({ missing: 'no' }),
  )
  const lists = fc
    .nat({ max: 12 })
    .chain(n => fc.array(fc.array(score, { minLength: n, maxLength: n }), { minLength: 1, maxLength: 3 }))
  fc.assert(
    fc.property(lists, fc.nat({ max: 60 }), (rankings, k) => {
      const better = (scores: readonly Score[], i: number) =>
        scores.filter(score => typeof score === 'number' && score > (scores[i] as number)).length
      const want = rankings[0]!.map((_, i) =>
        rankings.some(scores => typeof scores[i] !== 'number')
          ? { missing: 'no' }
          : rankings.reduce((sum, scores) => sum + 1 / (k + 1 + better(scores, i)), 0),
      )
      expect(rankFusion(rankings, { k })).toEqual(want)
    }),
    { numRuns: 300 },
  )
})

test('has no result for what is no number, and refuses lists that do not match', () => {
  expect(rankFusion([[1, Number.NaN]])).toEqual([1 / 61, { missing: 'its score is NaN' }])
  expect(() => rankFusion([])).toThrow(ScorerError)
  expect(() => rankFusion([[1], [1, 2]])).toThrow(
    new ScorerError('rankFusion: one ranking has 2 scores, another 1'),
  )
  expect(() => rankFusion([[1]], { k: -1 })).toThrow(ScorerError)
})
