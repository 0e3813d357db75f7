import { describe, expect, it } from 'vitest'
import { type PairOptions, readPairs } from '../../src/data/read-pairs'

const aspects = (...ratings: string[]) =>
  Object.fromEntries(ratings.map((Rating, i) => [`aspect ${i}`, { Rating, Rationale: '' }]))
const completion = (response: string, overall_score: unknown, ...ratings: string[]) => ({
  model: 'm',
  response,
  overall_score,
  annotations: aspects(...ratings),
})
const record = {
  source: 'web',
  instruction: 'q',
  models: ['m'],
  completions: [
    completion('a', 6, '2', '3'),
    completion('b', 8.5, '1', 'N/A'),
    completion('c', 3, '5', '4'),
    completion('d', null, 'N/A'),
  ],
}
const read = (value: unknown, binarize: PairOptions['binarize'] = {}) =>
  readPairs(`${JSON.stringify(value)}\n`, { binarize })

describe('UltraFeedback', () => {
  it('takes the best and the lowest overall score', async () => {
    const file = await read(record)
    expect(file).toMatchObject({
      format: 'ultrafeedback',
      pairs: [
        {
          prompt: [{ role: 'user', content: 'q' }],
          chosen: 'b',
          chosenReward: 8.5,
          rejected: 'c',
          rejectedReward: 3,
          raw: { source: 'web' },
        },
      ],
    })
  })

  it('or the best and the lowest mean of the aspects’ ratings', async () => {
    const { pairs } = await read(record, { by: 'aspects' })
    expect(pairs[0]).toMatchObject({ chosen: 'c', chosenReward: 4.5, rejected: 'b', rejectedReward: 1 })
  })

  it('or any that scores lower than the best, the same for the same seed', async () => {
    const drawn = new Map<string, number>()
    for (let seed = 0; seed < 40; seed++) {
      const { pairs } = await read(record, { rejected: 'random', seed })
      expect(pairs).toEqual((await read(record, { rejected: 'random', seed })).pairs)
      expect(pairs[0]?.chosen).toBe('b')
      drawn.set(pairs[0]!.rejected, (drawn.get(pairs[0]!.rejected) ?? 0) + 1)
    }
    expect([...drawn.keys()].sort()).toEqual(['a', 'c'])
    // Of 40 fair draws, fewer than 8 of a kind come once in 20 000.
    expect(Math.min(...drawn.values())).toBeGreaterThanOrEqual(8)
  })

  it('reports what gives no preference', async () => {
    const lines = [
      record,
      { instruction: 'q', completions: [completion('a', 5), completion('b', 5)] },
      { instruction: 'q', completions: [completion('a', 5), completion('b', null)] },
      { instruction: 'q', completions: [completion('a', 5), completion(' ', 4)] },
      { instruction: 'q', completions: 'none' },
    ]
    const file = await readPairs(lines.map(line => JSON.stringify(line)).join('\n'))
    expect(file.problems.map(({ index, reason }) => [index, reason])).toEqual([
      [1, 'all 2 completions score 5: there is no preference'],
      [2, '1 completion has an "overall_score", wanted two at least'],
      [3, 'completion 2: "response" is only white space'],
      [4, '"completions" is text, wanted a list'],
    ])
    await expect(read(record, { by: 'mean' as 'overall' })).rejects.toThrow('by is overall or aspects')
  })
})

describe('rewards', () => {
  it.each([
    ['score_chosen', 'score_rejected'],
    ['chosen_score', 'rejected_score'],
    ['reward_chosen', 'reward_rejected'],
    ['chosen_rating', 'rejected_rating'],
    ['chosen-rating', 'rejected-rating'],
  ])('are read from %s and %s', async (chosen, rejected) => {
    const { pairs } = await read({ prompt: 'q', chosen: 'a', rejected: 'b', [chosen]: 2.5, [rejected]: -1 })
    expect(pairs[0]).toMatchObject({ chosenReward: 2.5, rejectedReward: -1 })
  })

  it('are absent unless both are numbers', async () => {
    const { pairs } = await read({
      prompt: 'q',
      chosen: 'a',
      rejected: 'b',
      score_chosen: 1,
      score_rejected: null,
    })
    expect(pairs[0]).not.toHaveProperty('chosenReward')
  })
})
