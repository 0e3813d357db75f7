import { describe, expect } from 'vitest'
import { readPairs } from '../../src/data/read-pairs'
import { samplePairs } from '../../src/job/sampled-pairs'
import { functionScorer } from '../../src/scoring/function-scorer'
import { test } from '../bundled-model'

const prompts = ['Name a fruit.', 'Say hello.', 'Spell cat.'].map(prompt => ({
  ...{ prompt, chosen: 'yes', rejected: 'no' },
}))
const length = functionScorer('characters', ({ output }) => output.length)
const options = { adapter: null, samples: 3, temperature: 1.5, maxTokens: 6, seed: 3 }

describe('samplePairs', () => {
  test('takes the best answer for the chosen one, the worst for the other, the same each time', async ({
    model,
  }) => {
    const { pairs: given } = await readPairs(JSON.stringify(prompts))
    const sampled = await samplePairs(model, given, { ...options, scorer: length })
    expect(sampled.pairs.length).toBeGreaterThan(1)
    for (const { index, prompt, chosen, rejected } of sampled.pairs) {
      expect(chosen.length).toBeGreaterThan(rejected.length)
      expect(prompt).toEqual(given[index]!.prompt)
    }
    // An answer depends on its own prompt's place, and on no other prompt.
    const last = await samplePairs(model, given.slice(2), { ...options, scorer: length })
    expect(sampled.pairs.filter(({ index }) => index === 2)).toEqual(last.pairs)
    const other = await samplePairs(model, given, { ...options, seed: 4, scorer: length })
    expect(other.pairs).not.toEqual(sampled.pairs)
  })

  test('drops prompts whose answers are worth the same', async ({ model }) => {
    const { pairs: given } = await readPairs(JSON.stringify(prompts.slice(0, 1)))
    const constant = functionScorer('nothing', () => 1)
    const { pairs, dropped } = await samplePairs(model, given, { ...options, samples: 2, scorer: constant })
    expect(pairs).toEqual([])
    expect(dropped).toEqual([
      { index: 0, cause: 'answers are worth the same', reason: expect.stringContaining('of 2 answers') },
    ])
  })
})
