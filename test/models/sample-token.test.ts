import { describe, expect, test } from 'vitest'
import { sampleToken } from '../../src/models/sample-token'

const logits = Float32Array.from([1, 2, 3, 4], Math.log)

/** How often each of four tokens is chosen in `steps` steps. */
function shares(steps: number, options: { temperature: number; seed: number }, z = logits): number[] {
  const counts = Array.from(z, () => 0)
  for (let step = 0; step < steps; step++) counts[sampleToken(z, step, options)]!++
  return counts.map(n => n / steps)
}

describe('sampleToken', () => {
  test('takes the largest logit at temperature 0, the first of equals, whatever the seed', () => {
    expect(sampleToken(Float32Array.of(1, 5, 5, 2), 3, { seed: 9 })).toBe(1)
    expect(sampleToken(Float32Array.of(-3, -1), 0, { temperature: 0 })).toBe(1)
  })

  test.for([
    { temperature: 1, weights: [1, 2, 3, 4] },
    { temperature: 0.5, weights: [1, 4, 9, 16] },
    { temperature: 2, weights: [1, Math.SQRT2, Math.sqrt(3), 2] },
  ])('draws from the softmax at temperature $temperature', ({ temperature, weights }) => {
    const total = weights.reduce((a, b) => a + b, 0)
    for (const seed of [0, 1, 12345]) {
      const steps = 20_000
      shares(steps, { temperature, seed }).forEach((share, i) => {
        const p = weights[i]! / total
        // Four standard deviations of a share of so many draws.
        expect(Math.abs(share - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / steps))
      })
    }
  })

  test('does not depend on the size of the logits, and never takes one of no weight', () => {
    const far = Float32Array.of(1000 + Math.log(1), Number.NEGATIVE_INFINITY, 1000 + Math.log(3))
    const [a, b, c] = shares(4000, { temperature: 1, seed: 5 }, far)
    expect(b).toBe(0)
    expect(c! / a!).toBeCloseTo(3, 0)
  })

  test('gives the same for a seed and a step, and unrelated draws for others', () => {
    const draw = (seed: number, shift = 0) =>
      Array.from({ length: 2000 }, (_, step) => sampleToken(logits, step + shift, { temperature: 1, seed }))
    const first = draw(7)
    expect(draw(7)).toEqual(first)
    for (const other of [draw(8), draw(7 ^ 0x80000000), draw(7, 1)]) {
      const equal = other.filter((token, i) => token === first[i]).length / other.length
      // Independent draws agree with probability Σ p² = 0.3.
      expect(Math.abs(equal - 0.3)).toBeLessThan(0.05)
    }
  })
})
