import code from '#shaders/lib/weights-f32.wgsl?raw'
import type { WeightFormat } from './weight-format'

/** Weights as f32. The only format whose values are trained. */
export const f32: WeightFormat = {
  name: 'f32',
  code,
  element: 'vec4f',
  overrides: {},
  bits: 32,
  fits: () => true,
  words: columns => columns,
  encode: values => values,
}
