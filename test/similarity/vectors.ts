import fc from 'fast-check'
import type { Metric } from '../../src/similarity/metric'
import { cosine, dot, negativeL1, negativeL2 } from '../../src/similarity/metric'
import type { Storage } from '../../src/similarity/prepare-rows'
import { roundToHalf } from '../../src/similarity/round-to-half'
import { similarities } from '../reference/similarity'

/** Every metric with its definition. */
export const metrics = [
  [cosine, similarities.cosine],
  [dot, similarities.dot],
  [negativeL1, similarities.negativeL1],
  [negativeL2, similarities.negativeL2],
] as const

/** `value`, or the nearest threshold that the metric takes. */
export const within = ({ range: [least, most] }: Metric, value: number) =>
  Math.min(most, Math.max(least, value))

export const split = (values: Float32Array, E: number) =>
  Array.from({ length: values.length / E }, (_, i) => values.subarray(i * E, (i + 1) * E))

export const join = (rows: readonly Float32Array[], E: number) =>
  Float32Array.from({ length: rows.length * E }, (_, i) => rows[Math.floor(i / E)]![i % E]!)

/** Vectors as they are stored. */
export const stored = (rows: readonly Float32Array[], storage: Storage) =>
  rows.map(row => {
    const copy = row.slice()
    if (storage === 'f16') roundToHalf(copy)
    return copy
  })

/** At least two vectors of equal length, none zero, many of them equal, opposite, orthogonal or nearly so. */
export const closeVectors = fc
  .integer({ min: 1, max: 9 })
  .chain(E =>
    fc.record({
      base: fc.array(fc.integer({ min: -3, max: 3 }), { minLength: E, maxLength: E }),
      nudges: fc.array(fc.array(fc.integer({ min: -4, max: 4 }), { minLength: E, maxLength: E }), {
        minLength: 3,
        maxLength: 14,
      }),
      step: fc.constantFrom(1, 1e-3, 1e-6),
      size: fc.constantFrom(1, 1, 1e-6, 1e5),
    }),
  )
  .map(({ base, nudges, step, size }) =>
    nudges
      .map(nudge => Float32Array.from(base, (v, e) => size * (v + step * nudge[e]!)))
      .filter(v => v.some(x => x !== 0)),
  )
  .filter(rows => rows.length >= 2)

/** How far from a similarity that occurs a threshold lies, in units of the vectors' size. */
export const away = fc.constantFrom(0, 1e-16, -1e-16, 1e-9, -1e-9, 1e-7, -1e-7, 3e-6, -3e-6, 1e-3, -1e-3)
