import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { f16ToF32 } from '../../src/io/half-floats'
import { roundToHalf } from '../../src/similarity/round-to-half'

/** Zero and the normal fp16 numbers from 2⁻¹⁴ to 65504, ascending. */
const HALVES = [0, ...f16ToF32(Uint16Array.from({ length: 0x7c00 - 0x400 }, (_, i) => 0x400 + i))]

/** The nearest of them, of two as near the one with an even last bit; infinity beyond the last. */
function nearest(v: number): number {
  const size = Math.abs(v)
  if (!(size < 65520)) return Math.sign(v) * Number.POSITIVE_INFINITY
  if (size < 2 ** -14) return 0
  let low = 1
  for (let high = HALVES.length; high - low > 1; ) {
    const middle = (low + high) >> 1
    if (HALVES[middle]! <= size) low = middle
    else high = middle
  }
  const below = size - HALVES[low]!
  const above = (HALVES[low + 1] ?? 65536) - size
  // The first normal number, at 1, has the bits 0x400: places of one are even where the bits' are odd.
  const up = above < below || (above === below && low % 2 === 0)
  return Math.sign(v) * (up ? (HALVES[low + 1] ?? 65536) : HALVES[low]!)
}

const rounded = (values: Iterable<number>) => {
  const copy = Float32Array.from(values)
  roundToHalf(copy)
  return [...copy].map(v => v + 0)
}

describe('round-to-half', () => {
  it('takes values to the nearest fp16', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true, min: -70000, max: 70000 })), values => {
        expect(rounded(values)).toEqual([...Float32Array.from(values)].map(v => nearest(v) + 0))
      }),
      { numRuns: 200, seed: 5 },
    )
    const halfway = [1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519.99, 65520, 2 ** -14, 6e-5, 1e-30, -0]
    expect(rounded(halfway)).toEqual([1, 1 + 2 ** -9, 65504, Infinity, 2 ** -14, 0, 0, 0])
  })

  it('keeps what fp16 holds, and what is not finite', () => {
    expect(rounded(HALVES)).toEqual(HALVES)
    expect(rounded([Infinity, -Infinity, NaN])).toEqual([Infinity, -Infinity, NaN])
  })
})
