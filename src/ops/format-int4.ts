import code from '#shaders/lib/weights-int4.wgsl?raw'
import { halfBits } from './format-f16'
import { checkFinite, type WeightFormat, WeightRangeError } from './weight-format'

const halves = new Uint32Array(1)
/** The value of an fp16: normal and subnormal ones, no infinity. */
function halfValue(half: number): number {
  const exponent = (half >> 10) & 0x1f
  const fraction = half & 0x3ff
  const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25)
  return half & 0x8000 ? -size : size
}

const define = (group: number): WeightFormat => ({
  name: `int4-${group}`,
  code,
  element: 'u32',
  overrides: { GROUP: group },
  bits: 4 + 16 / group,
  fits: columns => columns % group === 0,
  words: columns => columns / 8 + Math.ceil(columns / group / 2),
  encode(values, columns) {
    checkFinite(values, 'int4')
    const W = columns / 8 + Math.ceil(columns / group / 2)
    const words = new Uint32Array((values.length / columns) * W)
    for (let begin = 0; begin < values.length; begin += group) {
      const row = Math.floor(begin / columns)
      const first = begin - row * columns
      let extreme = 0
      for (let i = begin; i < begin + group; i++) {
        const value = values[i]!
        if (value > 0 ? value > Math.abs(extreme) : -value > Math.abs(extreme)) extreme = value
      }
      halves[0] = halfBits(extreme / -8)
      const scale = halfValue(halves[0])
      if (Math.abs(scale) > 65504)
        throw new WeightRangeError(`int4 cannot hold ${extreme}: its scale exceeds fp16`)
      const inverse = scale === 0 ? 0 : 1 / scale
      for (let i = 0; i < group; i += 8) {
        let word = 0
        for (let j = 0; j < 8; j++) {
          // Beyond the ends where the scale was rounded, and at the end opposite to −8.
          const q = Math.floor(values[begin + i + j]! * inverse + 8.5)
          word |= (q > 15 ? 15 : q < 0 ? 0 : q) << (4 * j)
        }
        words[row * W + ((first + i) >> 3)] = word
      }
      const g = first / group
      const at = row * W + columns / 8 + (g >> 1)
      words[at] = (words[at]! | (halves[0] << ((g & 1) * 16))) >>> 0
    }
    return words
  },
})

const formats = { 32: define(32), 64: define(64) }

/**
 * Weights as four bits, −8 to 7, times an fp16 scale for each `group` of a row: the group's value of largest
 * magnitude is −8. As GGUF's Q4_0, https://github.com/ggml-org/ggml/blob/master/src/ggml-quants.c.
 */
export const int4 = ({ group = 32 }: { readonly group?: 32 | 64 } = {}): WeightFormat => {
  const format = formats[group]
  if (!format) throw new RangeError(`int4: group is ${group}, expected 32 or 64`)
  return format
}
