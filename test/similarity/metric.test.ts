import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { squaredLength } from '../../src/similarity/metric'
import { closeVectors, metrics } from './vectors'

describe.each(metrics.map(([metric, similarity]) => ({ name: metric.name, metric, similarity })))(
  '$name',
  ({ metric, similarity }) => {
    const of = (a: Float32Array, b: Float32Array) =>
      metric.similarity(a, b, squaredLength(a), squaredLength(b))

    it('is what its definition says, to the bit, either way round', () => {
      fc.assert(
        fc.property(closeVectors, ([a, b]) => {
          expect(of(a!, b!)).toBe(similarity(a!, b!))
          expect(of(b!, a!)).toBe(of(a!, b!))
        }),
        { numRuns: 200, seed: 6 },
      )
    })

    it('is largest for equal vectors, and never minus zero', () => {
      const a = Float32Array.of(3, -4, 1e-3)
      if (metric.name === 'dot') expect(of(a, a)).toBe(squaredLength(a))
      // `toBe` tells zero from minus zero.
      else expect(of(a, a)).toBe(metric.range[1])
    })

    // Shaders compare f32 numbers.
    it('has its limits on either side of the threshold also as f32', () => {
      const power = metric.name === 'negative-l2' ? (τ: number) => -τ * τ : (τ: number) => τ
      const least = Math.max(-1, metric.range[0])
      fc.assert(
        fc.property(
          fc.double({ min: least, max: Math.min(1, metric.range[1]), noNaN: true }),
          fc.integer({ min: 1, max: 4 }),
          (τ, quads) => {
            const { lower, upper } = metric.limits(τ, 4 * quads)
            expect(Math.fround(lower)).toBeLessThan(power(τ))
            expect(Math.fround(upper)).toBeGreaterThan(power(τ))
          },
        ),
        { numRuns: 500, seed: 7 },
      )
    })

    // A sum that is computed exactly must be found above the threshold's lower limit if it is not below it.
    it('gives finite limits on either side of any threshold', () => {
      const sumOf = (s: number) => (metric.name === 'negative-l2' ? -(s * s) : s)
      for (const size of [0, 1e-300, 1e-20, 0.25, 0.5, 1, 1e10, 1e30, 1e60, 1e200, Number.MAX_VALUE]) {
        for (const threshold of [-size, size]) {
          const [least, most] = metric.range
          if (threshold < least || threshold > most) continue
          const { lower, upper } = metric.limits(threshold, 384)
          for (const limit of [lower, upper]) expect(Number.isFinite(Math.fround(limit))).toBe(true)
          if (size > 1e14) continue
          expect(lower).toBeLessThan(sumOf(threshold))
          expect(upper).toBeGreaterThan(sumOf(threshold))
          expect(metric.below(sumOf(threshold), 384)).toBeLessThan(sumOf(threshold))
        }
      }
    })
  },
)
