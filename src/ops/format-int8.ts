import code from '#shaders/lib/weights-int8.wgsl?raw'
import { checkFinite, type WeightFormat } from './weight-format'

/** Adding and subtracting it rounds a double to a whole number, ties to even. */
const ROUND = 1.5 * 2 ** 52
const scale = new Float32Array(1)
const scaleBits = new Uint32Array(scale.buffer)

/**
 * Weights as signed bytes, −127 to 127, times an f32 scale a row: the row's largest magnitude is 127. As LLM.int8()
 * quantizes rows, https://arxiv.org/abs/2208.07339.
 */
export const int8: WeightFormat = {
  name: 'int8',
  code,
  element: 'u32',
  overrides: {},
  bits: 8,
  fits: columns => columns % 4 === 0,
  words: columns => columns / 4 + 1,
  encode(values, columns) {
    checkFinite(values, 'int8')
    const W = columns / 4 + 1
    const words = new Uint32Array((values.length / columns) * W)
    const bytes = new Int8Array(words.buffer)
    for (let row = 0; row * columns < values.length; row++) {
      const begin = row * columns
      let most = 0
      for (let i = begin; i < begin + columns; i++) {
        const size = Math.abs(values[i]!)
        if (size > most) most = size
      }
      scale[0] = most / 127
      // A row of zeros, or too small for a scale: zeros.
      const inverse = scale[0] === 0 ? 0 : 1 / scale[0]
      for (let i = 0; i < columns; i++) {
        bytes[row * W * 4 + i] = values[begin + i]! * inverse + ROUND - ROUND
      }
      words[row * W + columns / 4] = scaleBits[0]!
    }
    return words
  },
}
