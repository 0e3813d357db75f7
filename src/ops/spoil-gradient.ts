import reduce from '#shaders/lib/reduce.wgsl?raw'
import code from '#shaders/spoil-gradient.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'

/**
 * Makes a gradient [G] not finite where a loss is not, of values [N]: GPUs may compute finite slopes of a loss that is
 * NaN, and a step along them would be taken.
 */
export const spoilGradient = defineKernel({
  name: 'spoil-gradient',
  code: [reduce, code],
  params: { N: 'u32' },
  bindings: { values: read('f32', 'N'), gradient: write('f32', 'G') },
  workgroups: () => [1],
})
