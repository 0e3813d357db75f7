import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { f16, halfBits } from '../../src/ops/format-f16'
import { f32 } from '../../src/ops/format-f32'
import { int4 } from '../../src/ops/format-int4'
import { int8 } from '../../src/ops/format-int8'
import { WeightRangeError } from '../../src/ops/weight-format'
import { noise } from '../numbers'
import { decode, half } from '../reference/weight-formats'

const packed = [f16, int8, int4({ group: 32 }), int4({ group: 64 })]

describe('fp16', () => {
  it('has every half as it is', () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = half(bits)
      if (Number.isNaN(value)) expect(half(halfBits(value))).toBeNaN()
      else expect(halfBits(value)).toBe(bits)
    }
  })

  it('rounds to the nearest, and halfway to the even one', () => {
    for (let bits = 0; bits < 0x7bff; bits++) {
      const middle = (half(bits) + half(bits + 1)) / 2
      expect(halfBits(middle)).toBe(bits + (bits & 1))
      const [below, above] = [-1, 1].map(side => Math.fround(middle * (1 + side * 2 ** -23)))
      expect([halfBits(below!), halfBits(above!)]).toEqual([bits, bits + 1])
      expect(halfBits(-middle)).toBe((bits + (bits & 1)) | 0x8000)
    }
    expect([65519.996, 65520, 1e30].map(halfBits)).toEqual([0x7bff, 0x7c00, 0x7c00])
  })
})

describe.each(packed)('$name', format => {
  const columns = 128

  it('says how many words its rows take', () => {
    const words = format.encode(noise(3 * columns), columns)
    expect(words.length).toBe(3 * format.words(columns))
    expect((words.length * 32) / (3 * columns)).toBeCloseTo(format.bits, 0)
  })

  it('is as near to the values as its steps allow', () => {
    const magnitude = fc.constantFrom(1e-6, 1e-3, 0.02, 1, 50)
    fc.assert(
      fc.property(magnitude, fc.nat(1000), (size, seed) => {
        const values = noise(2 * columns, seed, size)
        const got = decode(format.name, format.encode(values, columns), columns)
        values.forEach((value, i) => {
          const group = format === int8 ? columns : format === int4({ group: 64 }) ? 64 : 32
          const begin = i - (i % group)
          const most = values.subarray(begin, begin + group).reduce((m, v) => Math.max(m, Math.abs(v)), 0)
          // fp16: half a unit of eleven bits, or of the smallest subnormal. int8: half of 1/127. int4: scales are
          // rounded to fp16 and −8 … 7 is not symmetric, so the value opposite to the extreme is off by a step.
          const bound =
            format === f16
              ? Math.max(Math.abs(value) * 2 ** -11, 2 ** -25)
              : format === int8
                ? (most / 127) * 0.5001
                : (most / 8) * 1.01 + 8 * 2 ** -24
          expect(Math.abs(got[i]! - value)).toBeLessThanOrEqual(bound)
        })
      }),
      { numRuns: 40 },
    )
  })

  it('keeps zeros, and rows of zeros', () => {
    const values = new Float32Array(2 * columns)
    values[columns + 5] = 0.25
    const got = decode(format.name, format.encode(values, columns), columns)
    for (const [i, value] of got.entries()) expect(value).toBeCloseTo(i === columns + 5 ? 0.25 : 0, 3)
  })

  it('refuses what it cannot hold', () => {
    const values = noise(columns)
    values[7] = format === f16 ? 70000 : Number.NaN
    expect(() => format.encode(values, columns)).toThrow(WeightRangeError)
  })
})

it('four bits are off by half a step, but for values opposite to the extreme', () => {
  const values = noise(64, 3)
  const got = decode('int4-32', int4().encode(values, 64), 64)
  const off = values.filter((value, i) => {
    const begin = i - (i % 32)
    const extreme = values
      .subarray(begin, begin + 32)
      .reduce((m, v) => (Math.abs(v) > Math.abs(m) ? v : m), 0)
    const inside = value / extreme > -0.9
    return inside && Math.abs(got[i]! - value) > (Math.abs(extreme) / 8) * 0.51
  })
  expect([...off]).toEqual([])
})

it('f32 rows are what they are, and fit whatever their length', () => {
  const values = noise(33)
  expect(f32.encode(values, 33)).toBe(values)
  expect([f32, ...packed].map(format => format.fits(33))).toEqual([true, false, false, false, false])
  expect([f16, int8, int4(), int4({ group: 64 })].map(format => format.fits(96))).toEqual([
    true,
    true,
    true,
    false,
  ])
})

it('int4 refuses other groups', () => {
  expect(() => int4({ group: 16 as 32 })).toThrow('int4: group is 16, expected 32 or 64')
})
