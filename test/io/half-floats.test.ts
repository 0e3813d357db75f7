import { expect, test } from 'vitest'
import { bf16ToF32, f16ToF32, f32ToBf16 } from '../../src/io/half-floats'
import { expectSame } from '../numbers'

const all = Uint16Array.from({ length: 0x10000 }, (_, i) => i)

/** The value by its definition, (−1)^s · 2^(e − bias) · (1 + f), in float64, where all halves are exact. */
function definedValue(half: number, exponentBits: number): number {
  const fractionBits = 15 - exponentBits
  const bias = 2 ** (exponentBits - 1) - 1
  const sign = half >= 0x8000 ? -1 : 1
  const exponent = Math.floor((half % 0x8000) / 2 ** fractionBits)
  const fraction = (half % 2 ** fractionBits) / 2 ** fractionBits
  if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias)
  return sign * (1 + fraction) * 2 ** (exponent - bias)
}

test.each([
  ['f16', f16ToF32, 5],
  ['bf16', bf16ToF32, 8],
])('all 65,536 %s values are exact', (_, convert, exponentBits) => {
  const values = convert(all)
  expect(values.length).toBe(0x10000)
  const wrong = Array.from(all).filter(half => !Object.is(values[half], definedValue(half, exponentBits)))
  expect(wrong).toEqual([])
})

test('the sign and the payload of a NaN are kept', () => {
  const bits = (values: Float32Array) => Array.from(new Uint32Array(values.buffer))
  expect(bits(f16ToF32(Uint16Array.of(0x7e00, 0xfc01, 0x7d55)))).toEqual([0x7fc00000, 0xff802000, 0x7faaa000])
  expect(bits(bf16ToF32(Uint16Array.of(0x7fc0, 0xff81)))).toEqual([0x7fc00000, 0xff810000])
})

test('bf16 is rounded to the nearest, ties to even', () => {
  const finite = all.filter(half => (half & 0x7fff) < 0x7f80)
  const values = bf16ToF32(finite)
  expectSame(f32ToBf16(values), finite)
  // One below, at and above the middle between a value and the next one further from zero.
  const nudged = (by: number) =>
    f32ToBf16(new Float32Array(Uint32Array.from(finite, half => half * 0x10000 + 0x8000 + by).buffer))
  expectSame(nudged(-1), finite)
  expectSame(
    nudged(1),
    finite.map(half => half + 1),
  )
  expectSame(
    nudged(0),
    finite.map(half => half + (half & 1)),
  )
  expect(f32ToBf16(Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY))).toEqual(
    Uint16Array.of(0x7fc0, 0x7f80),
  )
  // A NaN whose payload is all in the lower half stays one.
  expect(bf16ToF32(f32ToBf16(new Float32Array(Uint32Array.of(0x7f800001).buffer)))[0]).toBeNaN()
})
