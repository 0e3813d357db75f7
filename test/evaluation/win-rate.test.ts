import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Prompt } from '../../src/evaluation/answers'
import { EvaluationError } from '../../src/evaluation/errors'
import { wilsonInterval, winRate } from '../../src/evaluation/win-rate'
import { functionScorer } from '../../src/scoring/function-scorer'
import { ScorerError } from '../../src/scoring/scorer-error'

const prompts = (n: number): Prompt[] =>
  Array.from({ length: n }, (_, i) => [{ role: 'user', content: `question ${i}` }])
/** Scores an answer by the number it spells. */
const judge = functionScorer('number', ({ output }) => Number(output))
const close = (got: readonly number[], want: readonly number[]) =>
  got.forEach((value, i) => {
    expect(value).toBeCloseTo(want[i]!, 6)
  })

describe('winRate', () => {
  it('counts wins, ties, losses and what is missing', async () => {
    const a = ['3', '2', '5', { text: '1' }, 'x']
    const b = ['1', '2', '7', '0', '1']
    const result = await winRate(prompts(5), a, b, judge)
    expect(result).toMatchObject({ wins: 2, ties: 1, losses: 1, missing: 1, rate: 0.625 })
    expect(result.pairs).toEqual([[3, 1], [2, 2], [5, 7], [1, 0], null])
    expect(result.scores).toEqual({ a: 11 / 4, b: 10 / 4, difference: 1 / 4 })
    const loose = await winRate(prompts(5), a, b, judge, { tie: 1 })
    expect(loose).toMatchObject({ wins: 1, ties: 2, losses: 1 })
    const without = await winRate(prompts(2), ['1', { missing: 'no room' }], ['0', '1'], judge)
    expect(without).toMatchObject({ wins: 1, missing: 1, pairs: [[1, 0], null] })
  })

  it('is turned around with the sides', async () => {
    const answers = fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 })), {
      minLength: 1,
      maxLength: 20,
    })
    await fc.assert(
      fc.asyncProperty(answers, async pairs => {
        const [a, b] = [pairs.map(([x]) => String(x)), pairs.map(([, y]) => String(y))]
        const there = await winRate(prompts(pairs.length), a, b, judge)
        const back = await winRate(prompts(pairs.length), b, a, judge)
        expect(back).toMatchObject({ wins: there.losses, ties: there.ties, losses: there.wins })
        close([there.rate + back.rate, ...there.interval], [1, 1 - back.interval[1], 1 - back.interval[0]])
        expect(there.interval[0]).toBeLessThanOrEqual(there.rate)
        expect(there.interval[1]).toBeGreaterThanOrEqual(there.rate)
      }),
      { numRuns: 50 },
    )
  })

  it('refuses what does not fit', async () => {
    await expect(winRate(prompts(1), ['1'], [], judge)).rejects.toThrow(EvaluationError)
    await expect(winRate(prompts(2), ['1'], ['2'], judge)).rejects.toThrow(
      'there are 2 prompts and 1 answers',
    )
    await expect(winRate(prompts(1), ['x'], ['1'], judge)).rejects.toThrow('nothing to compare')
    await expect(winRate(prompts(1), ['1'], ['1'], judge, { tie: -1 })).rejects.toThrow('tie is -1')
    const combine = { keys: ['other'], of: () => 0 }
    await expect(winRate(prompts(1), ['1'], ['1'], judge, { combine })).rejects.toThrow(ScorerError)
  })
})

describe('wilsonInterval', () => {
  // scipy: binomtest(count, n).proportion_ci(method='wilson').
  it.each([
    [8, 10, 0.4901625, 0.9433178],
    [0, 5, 0, 0.4344825],
    [50, 100, 0.4038315, 0.5961685],
  ])('of %i in %i', (count, n, low, high) => {
    close(wilsonInterval(count / n, n), [low, high])
  })
})
