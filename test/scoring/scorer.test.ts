import { describe, expect, test } from 'vitest'
import type { Exchange, Turn } from '../../src/data/row'
import { only, over, product, weightedSum } from '../../src/scoring/combine'
import { functionScorer } from '../../src/scoring/function-scorer'
import { last, max, mean } from '../../src/scoring/reduce'
import {
  type ExchangeScores,
  type RowExchange,
  type RowScoreOptions,
  rowExchanges,
  rowScore,
  type Score,
  type Scorer,
  score,
} from '../../src/scoring/scorer'
import { ScorerError } from '../../src/scoring/scorer-error'
import { rowOf } from './rows'

/** Scores by a function of each exchange. */
const scorerOf = (scores: (exchange: Exchange) => Record<string, Score>, truncated = false): Scorer => ({
  name: 'by function',
  keys: ['complexity', 'quality'],
  score: async exchanges =>
    exchanges.map((exchange): ExchangeScores => ({ scores: scores(exchange), truncated })),
})

const lengths = scorerOf(({ instruction, output }) => ({
  complexity: instruction.length,
  quality: output.length,
}))

describe('score', () => {
  test('sums the products of the exchanges, and does not divide', async () => {
    const rows = [
      rowOf(0, ['aa', 'bbb']),
      rowOf(3, ['a', 'bb', 'ccc', 'dddd']),
      rowOf(5, ['a', '', 'aa', 'b', 'left']),
    ]
    const scored = await score(rows, lengths)
    expect(scored.map(s => s.score)).toEqual([2 * 3, 1 * 2 + 3 * 4, 1 * 0 + 2 * 1])
    expect(scored.map(s => s.row)).toEqual(rows)
    expect(scored[1]!.exchanges.map(e => e.scores)).toEqual([
      { complexity: 1, quality: 2 },
      { complexity: 3, quality: 4 },
    ])
  })

  test('takes only user turns that an assistant answers next', async () => {
    const turns: Turn[] = [
      { role: 'system', content: 'ssss' },
      { role: 'user', content: 'a' },
      { role: 'user', content: 'aa' },
      { role: 'assistant', content: 'bbb' },
      { role: 'assistant', content: 'b' },
    ]
    const [scored] = await score([{ ...rowOf(0, []), turns }], lengths)
    expect(scored!.score).toBe(6)
  })

  test('is missing with the first reason where a score is, and never a number', async () => {
    const scorer = scorerOf(({ instruction }) => ({
      complexity: 2,
      quality: instruction === 'bad' ? { missing: 'the model gave no finite quality score' } : 3,
    }))
    const scored = await score(
      [rowOf(0, ['a', 'b', 'bad', 'b']), rowOf(1, ['a', 'b']), rowOf(2, ['bad', 'b'])],
      scorer,
    )
    expect(scored.map(s => s.score)).toEqual([
      { missing: 'the model gave no finite quality score' },
      6,
      { missing: 'the model gave no finite quality score' },
    ])
  })

  test('is missing where a scorer gives a key no score, or the row has no exchange', async () => {
    const half = scorerOf(() => ({ complexity: 2 }))
    const scored = await score([rowOf(0, ['a', 'b']), rowOf(1, ['a'])], half)
    expect(scored.map(s => s.score)).toEqual([
      { missing: 'the scorer gave no quality' },
      { missing: 'the row has no exchange' },
    ])
  })

  test('is missing where a score is not finite', async () => {
    const scored = await score(
      [rowOf(0, ['a', 'b'])],
      scorerOf(() => ({ complexity: Number.NaN, quality: 1 })),
    )
    expect(scored[0]!.score).toEqual({ missing: 'the scorer gave NaN for complexity' })
  })

  test('gives the scorer each exchange with its row and its places', async () => {
    const turns: Turn[] = [
      { role: 'system', content: 's' },
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b' },
      { role: 'user', content: 'left' },
      { role: 'user', content: 'aa' },
      { role: 'assistant', content: 'bb' },
    ]
    const row = { ...rowOf(4, []), turns }
    expect(rowExchanges(row)).toEqual([
      { instruction: 'a', output: 'b', row, place: 0, turn: 1 },
      { instruction: 'aa', output: 'bb', row, place: 1, turn: 4 },
    ])
    const seen: RowExchange[] = []
    const scorer = functionScorer('n', exchange => seen.push(exchange))
    expect((await score([row, rowOf(5, ['x', 'y'])], scorer)).map(s => s.score)).toEqual([1 + 2, 3])
    expect(seen.map(({ row, place }) => [row.index, place])).toEqual([
      [4, 0],
      [4, 1],
      [5, 0],
    ])
  })

  test('combines and reduces as it is told', async () => {
    const rows = [rowOf(0, ['aa', 'bbb']), rowOf(3, ['a', 'bb', 'ccc', 'dddd'])]
    const scores = async (options: RowScoreOptions) =>
      (await score(rows, lengths, options)).map(scored => scored.score)
    expect(await scores({ reduce: mean })).toEqual([6, (2 + 12) / 2])
    expect(await scores({ reduce: max })).toEqual([6, 12])
    expect(await scores({ reduce: last, combine: only('complexity') })).toEqual([2, 3])
    const combine = weightedSum({ quality: 2, complexity: 1 })
    expect(await scores({ combine })).toEqual([2 + 6, 1 + 4 + 3 + 8])
  })

  test('refuses to combine what the scorer does not give, before it scores', async () => {
    const scorer = functionScorer('ifd', () => {
      throw new Error('it scored')
    })
    await expect(score([rowOf(0, ['a', 'b'])], scorer, { combine: only('quality') })).rejects.toThrow(
      new ScorerError("ifd gives no score 'quality'; it gives ifd"),
    )
    expect(() => rowScore([], ['a', 'b'], { combine: over(product, 'a', 'c') })).toThrow(
      new ScorerError("the scorer gives no score 'c'; it gives a, b"),
    )
  })

  test('refuses a scorer that does not answer for each exchange', async () => {
    const scorer: Scorer = { name: 'short', keys: ['n'], score: async () => [] }
    await expect(score([rowOf(0, ['a', 'b'])], scorer)).rejects.toThrow(
      new ScorerError('scorer short gave scores for 0 exchanges, expected 1'),
    )
  })
})
