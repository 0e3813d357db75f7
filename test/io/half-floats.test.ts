import { expect, test } from 'vitest'
import { bf16ToF32, f16ToF32 } from '../../src/io/half-floats'

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
