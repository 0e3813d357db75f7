import fc from 'fast-check'
import { expect, test } from 'vitest'
import { columnScorer } from '../../src/scoring/column-scorer'
import { score } from '../../src/scoring/scorer'
import { ScorerError } from '../../src/scoring/scorer-error'
import { rowOf } from './rows'

const deitas = columnScorer({ complexity: 'complexity_scores', quality: 'quality_scores' })
/** A row of `n` exchanges. */
const row = (raw: unknown, n: number, index = 0) =>
  rowOf(
    index,
    Array.from({ length: 2 * n }, (_, i) => `turn ${i}`),
    raw,
  )
const scoreOf = async (raw: unknown, n = 1) => (await score([row(raw, n)], deitas))[0]!.score

test('reads Deita’s lists, one value for each exchange', async () => {
  expect([deitas.name, deitas.keys]).toEqual([
    'columns "complexity_scores", "quality_scores"',
    ['complexity', 'quality'],
  ])
  const lists = fc.integer({ min: 1, max: 5 }).chain(n => {
    const list = fc.array(fc.double({ min: 1, max: 6, noNaN: true }), { minLength: n, maxLength: n })
    return fc.tuple(list, list)
  })
  await fc.assert(
    fc.asyncProperty(fc.array(lists, { maxLength: 4 }), async rows => {
      const raws = rows.map(([c, q]) => ({ complexity_scores: c, quality_scores: q }))
      const scored = await score(
        raws.map((raw, i) => row(raw, raw.quality_scores.length, i)),
        deitas,
      )
      expect(scored.map(s => s.score)).toEqual(
        rows.map(([c, q]) => c.reduce((sum, value, t) => sum + value * q[t]!, 0)),
      )
      expect(scored.map(s => s.exchanges.map(({ scores }) => scores.quality))).toEqual(rows.map(([, q]) => q))
    }),
    { numRuns: 200 },
  )
})

test('takes a single number for a row of one exchange, and text from a CSV file', async () => {
  expect(await scoreOf({ complexity_scores: 2, quality_scores: '3.5' })).toBe(7)
  expect(await scoreOf({ complexity_scores: '[2, 3]', quality_scores: [4, 5] }, 2)).toBe(8 + 15)
})

test('is missing where a column is not what it must be, and names the column', async () => {
  const missing = (raw: object, n?: number) =>
    scoreOf({ complexity_scores: [2], quality_scores: [3], ...raw }, n)
  expect(await missing({ quality_scores: [3, 4] })).toEqual({
    missing: '"quality_scores" has 2 values, and the row has 1 exchanges',
  })
  expect(await missing({ complexity_scores: 2 }, 2)).toEqual({
    missing: '"complexity_scores" is one number, and the row has 2 exchanges',
  })
  expect(await missing({ complexity_scores: [Number.NaN] })).toEqual({
    missing: '"complexity_scores": value 1 is NaN, expected a number',
  })
  expect(await scoreOf({ complexity_scores: [2] })).toEqual({
    missing: 'the row has no column "quality_scores"',
  })
})

test('refuses no columns', () => {
  expect(() => columnScorer({})).toThrow(ScorerError)
})
