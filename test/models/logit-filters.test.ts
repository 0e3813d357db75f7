import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { topK, topP } from '../../src/models/logit-filters'
import { type SamplingOptions, tokenProbabilities } from '../../src/models/sample-token'
import cases from '../fixtures/sampling.json'

const candidates = (logits: readonly number[]) => ({
  ids: Uint32Array.from(logits.keys()),
  logits: Float64Array.from(logits),
})

describe('what transformers leaves to draw from', () => {
  // By test/fixtures/make_sampling.py, with its own processors in its own order.
  test.each(cases.map((given, i) => [i, given] as const))('case %i', (_, given) => {
    const { logits, occurred, probabilities } = given
    const options: SamplingOptions = given.options
    const got = tokenProbabilities(Float32Array.from(logits), occurred, options)
    const left = [...probabilities.keys()].filter(id => probabilities[id] !== null)
    expect([...got.ids]).toEqual(left)
    // The fixture has nine digits, the sums differ in their order.
    left.forEach((id, i) => {
      expect(Math.abs(got.probabilities[i]! - probabilities[id]!)).toBeLessThan(1e-8)
    })
  })

  test('has every option among its cases', () => {
    const names = new Set(cases.flatMap(({ options }) => Object.keys(options)))
    expect([...names].sort()).toEqual([
      'minP',
      'noRepeatNgram',
      'repetitionPenalty',
      'temperature',
      'topK',
      'topP',
    ])
  })
})

const numbers = fc.array(fc.integer({ min: -6, max: 6 }), { minLength: 1, maxLength: 60 })

test('topK leaves those that fewer than K exceed', () => {
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: 70 }), (logits, K) => {
      const want = logits.flatMap((z, id) => (logits.filter(other => other > z).length < K ? [id] : []))
      expect([...topK(candidates(logits), K).ids]).toEqual(want)
    }),
  )
})

test('topP leaves the shortest beginning, by likelihood and then by id, that reaches P', () => {
  fc.assert(
    fc.property(numbers, fc.integer({ min: 0, max: 99 }), (logits, percent) => {
      const weights = logits.map(z => Math.exp(z))
      const total = weights.reduce((a, b) => a + b)
      const order = [...logits.keys()].sort((i, j) => weights[j]! - weights[i]! || i - j)
      const masses = order.map((_, n) => order.slice(0, n).reduce((sum, i) => sum + weights[i]!, 0) / total)
      // A sum that hits P exactly is on either side by rounding.
      fc.pre(masses.every(mass => Math.abs(mass - percent / 100) > 1e-9 || mass === 0))
      const want = order.filter((_, n) => n === 0 || masses[n]! < percent / 100)
      expect([...topP(candidates(logits), percent / 100).ids]).toEqual(want.sort((a, b) => a - b))
    }),
  )
})

test('topP leaves out what comes when P is reached exactly', () => {
  expect([...topP(candidates([0, 0]), 0.5).ids]).toEqual([0])
  expect([...topP(candidates([0, 0, 0, 0]), 0.5).ids]).toEqual([0, 1])
})
