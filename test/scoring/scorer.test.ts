import { describe, expect, test } from 'vitest'
import type { Exchange, Row, Turn } from '../../src/data/row'
import { type ExchangeScores, type Score, type Scorer, score } from '../../src/scoring/scorer'

/** A row of turns that alternate from the user's on. */
const row = (index: number, ...contents: string[]): Row => ({
  index,
  id: `row-${index}`,
  raw: {},
  turns: contents.map((content, i): Turn => ({ role: i % 2 === 0 ? 'user' : 'assistant', content })),
})

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
    const rows = [row(0, 'aa', 'bbb'), row(3, 'a', 'bb', 'ccc', 'dddd'), row(5, 'a', '', 'aa', 'b', 'left')]
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
    const [scored] = await score([{ ...row(0), turns }], lengths)
    expect(scored!.score).toBe(6)
  })

  test('is missing with the first reason where a score is, and never a number', async () => {
    const scorer = scorerOf(({ instruction }) => ({
      complexity: 2,
      quality: instruction === 'bad' ? { missing: 'the model gave no finite quality score' } : 3,
    }))
    const scored = await score([row(0, 'a', 'b', 'bad', 'b'), row(1, 'a', 'b'), row(2, 'bad', 'b')], scorer)
    expect(scored.map(s => s.score)).toEqual([
      { missing: 'the model gave no finite quality score' },
      6,
      { missing: 'the model gave no finite quality score' },
    ])
  })

  test('is missing where a scorer gives a key no score, or the row has no exchange', async () => {
    const half = scorerOf(() => ({ complexity: 2 }))
    const scored = await score([row(0, 'a', 'b'), row(1, 'a')], half)
    expect(scored.map(s => s.score)).toEqual([
      { missing: 'the scorer gave no quality' },
      { missing: 'the row has no exchange' },
    ])
  })

  test('is missing where a score is not finite', async () => {
    const scored = await score(
      [row(0, 'a', 'b')],
      scorerOf(() => ({ complexity: Number.NaN, quality: 1 })),
    )
    expect(scored[0]!.score).toEqual({ missing: 'the scorer gave NaN for complexity' })
  })
})
