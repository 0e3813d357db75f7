import { describe, expect, test } from 'vitest'
import { GenerationError } from '../../src/models/generation-error'
import { checkSampling, type SamplingOptions, sampleToken } from '../../src/models/sample-token'

const logits = Float32Array.from([1, 2, 3, 4], Math.log)

/** How often each of four tokens is chosen in `steps` steps. */
function shares(steps: number, options: SamplingOptions, z = logits, occurred: number[] = []): number[] {
  const counts = Array.from(z, () => 0)
  for (let step = 0; step < steps; step++) counts[sampleToken(z, step, options, occurred)]!++
  return counts.map(n => n / steps)
}

/** Asserts shares in proportion to weights, within four standard deviations of as many draws. */
function expectShares(got: readonly number[], weights: readonly number[], steps: number): void {
  const total = weights.reduce((a, b) => a + b, 0)
  got.forEach((share, i) => {
    const p = weights[i]! / total
    expect(Math.abs(share - p)).toBeLessThanOrEqual(4 * Math.sqrt((p * (1 - p)) / steps))
  })
}

describe('the most likely token', () => {
  test('is that of the largest logit, the first of equals, whatever the seed', () => {
    expect(sampleToken(Float32Array.of(1, 5, 5, 2), 3, { seed: 9 })).toBe(1)
    expect(sampleToken(Float32Array.of(-3, -1), 0, { temperature: 0 })).toBe(1)
  })

  test('is found after penalties', () => {
    const z = Float32Array.of(3, 2.5, -1)
    expect(sampleToken(z, 0, { repetitionPenalty: 1.1 }, [0, 0])).toBe(0)
    expect(sampleToken(z, 0, { repetitionPenalty: 1.3 }, [0])).toBe(1)
    expect(sampleToken(z, 0, { noRepeatNgram: 2 }, [1, 0, 2, 1])).toBe(1)
    expect(sampleToken(z, 0, { noRepeatNgram: 2 }, [2, 0, 1, 2])).toBe(1)
    expect(sampleToken(z, 0, { noRepeatNgram: 1 }, [0, 1])).toBe(2)
  })

  test('is always left by the filters', () => {
    for (const options of [{ topK: 1 }, { topP: 0 }, { topP: 1e-9 }, { minP: 1 }])
      expect(shares(50, { temperature: 1, ...options })).toEqual([0, 0, 0, 1])
  })
})

describe('a drawn token', () => {
  const steps = 20_000

  test.for([
    { temperature: 1, weights: [1, 2, 3, 4] },
    { temperature: 0.5, weights: [1, 4, 9, 16] },
    { temperature: 2, weights: [1, Math.SQRT2, Math.sqrt(3), 2] },
    { temperature: 1, topK: 2, weights: [0, 0, 3, 4] },
    { temperature: 1, topP: 0.65, weights: [0, 0, 3, 4] },
    { temperature: 1, minP: 0.49, weights: [0, 2, 3, 4] },
    // exp(ln 4 / 2) = 2
    { temperature: 1, repetitionPenalty: 2, weights: [1, 2, 3, 2] },
  ])('comes from the softmax: $temperature, $weights', ({ weights, ...options }) => {
    for (const seed of [0, 1, 12345]) {
      expectShares(shares(steps, { ...options, seed }, logits, [3, 3]), weights, steps)
    }
  })

  test('does not depend on the size of the logits, and none is too small a temperature', () => {
    const far = Float32Array.of(1000 + Math.log(1), -3e38, 1000 + Math.log(3))
    const [a, b, c] = shares(4000, { temperature: 1, seed: 5 }, far)
    expect(b).toBe(0)
    expect(c! / a!).toBeCloseTo(3, 0)
    expect(shares(50, { temperature: 1e-300 }, far)).toEqual([0, 0, 1])
  })

  test('is the same for a seed and a step, and unrelated to those of others', () => {
    const draw = (seed: number, shift = 0) =>
      Array.from({ length: 2000 }, (_, step) => sampleToken(logits, step + shift, { temperature: 1, seed }))
    const first = draw(7)
    expect(draw(7)).toEqual(first)
    for (const other of [draw(8), draw(7 + 2 ** 31), draw(7 + 2 ** 32), draw(7, 1)]) {
      const equal = other.filter((token, i) => token === first[i]).length / other.length
      // Independent draws agree with probability Σ p² = 0.3.
      expect(Math.abs(equal - 0.3)).toBeLessThan(0.05)
    }
  })
})

describe('what cannot be sampled', () => {
  test.for([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('logits with %f', bad => {
    for (const temperature of [0, 1]) {
      expect(() => sampleToken(Float32Array.of(1, 2, bad, 4), 0, { temperature })).toThrow(
        new GenerationError(
          `the logit of token 2 is ${bad}, expected finite numbers: the weights or the adapter hold NaN, infinity or values too large for them`,
        ),
      )
    }
  })

  test('a vocabulary of which every token is banned', () => {
    for (const temperature of [0, 1])
      expect(() => sampleToken(logits, 0, { noRepeatNgram: 1, temperature }, [0, 1, 2, 3])).toThrow(
        new GenerationError('noRepeatNgram bans all 4 tokens of the vocabulary. Choose a larger one, or 0'),
      )
  })

  test.for([
    ['temperature', '0 or a number above', [-1, Number.NaN, Number.POSITIVE_INFINITY]],
    ['topK', '0 or a whole number above', [-1, 1.5, Number.NaN]],
    ['topP', 'a number from 0 to 1', [-0.1, 1.1, Number.NaN]],
    ['minP', 'a number from 0 to 1', [-0.1, 2, Number.NaN]],
    ['repetitionPenalty', 'a positive number', [0, -1, Number.NaN, Number.POSITIVE_INFINITY]],
    ['noRepeatNgram', '0 or a whole number above', [-1, 0.5]],
    ['seed', '0 or a whole number above', [-1, 0.5, 2 ** 60]],
  ] as const)('options out of range: %s', ([name, wanted, values]) => {
    for (const value of values)
      expect(() => checkSampling({ [name]: value })).toThrow(
        new GenerationError(`${name} is ${value}, expected ${wanted}`),
      )
    expect(() => checkSampling({ [name]: 1 })).not.toThrow()
  })
})
