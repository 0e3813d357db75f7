import code from '#shaders/lib/weights-f16.wgsl?raw'
import { type WeightFormat, WeightRangeError } from './weight-format'

const value = new Float32Array(1)
const bits = new Uint32Array(value.buffer)

/** The bits of the nearest fp16, ties to even; beyond ±65520 infinity, as IEEE 754 rounds. A NaN stays one. */
export function halfBits(x: number): number {
  value[0] = x
  return halfOf(bits[0]!)
}

/** As `halfBits`, from the bits of an f32. */
function halfOf(whole: number): number {
  const sign = (whole >>> 16) & 0x8000
  const exponent = (whole >>> 23) & 0xff
  const fraction = whole & 0x7fffff
  if (exponent >= 113 && exponent !== 0xff) {
    // A carry out of the fraction is the next exponent, and out of the largest one infinity.
    const half = ((exponent - 112) << 10) + ((fraction + 0xfff + ((fraction >>> 13) & 1)) >>> 13)
    return sign | (half < 0x7c00 ? half : 0x7c00)
  }
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200 | (fraction >>> 13))
  if (exponent < 102) return sign
  // Subnormal: the hidden one moves into the fraction.
  const shift = 126 - exponent
  const long = fraction | 0x800000
  const half = long >>> shift
  const rest = long & ((1 << shift) - 1)
  const tie = 1 << (shift - 1)
  return sign | (half + (rest > tie || (rest === tie && half & 1) ? 1 : 0))
}

/** Weights as fp16, two a word. Exact for fp16 files, and for bf16 ones down to 2⁻¹⁴; smaller values lose digits. */
export const f16: WeightFormat = {
  name: 'f16',
  code,
  element: 'vec2u',
  overrides: {},
  bits: 16,
  fits: columns => columns % 4 === 0,
  words: columns => columns / 2,
  encode(values) {
    const halves = new Uint16Array(values.length)
    const wholes = new Uint32Array(values.buffer, values.byteOffset, values.length)
    for (let i = 0; i < wholes.length; i++) {
      const half = halfOf(wholes[i]!)
      if ((half & 0x7fff) === 0x7c00 && Number.isFinite(values[i])) {
        throw new WeightRangeError(`f16 cannot hold ${values[i]}, its largest value is 65504`)
      }
      halves[i] = half
    }
    return new Uint32Array(halves.buffer)
  },
}
