import code from '#shaders/adamw.wgsl?raw'
import fold from '#shaders/lib/fold.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'

/** One AdamW step over the values of an arena, by their clipped gradients. https://arxiv.org/abs/1711.05101 */
export const adamw = defineKernel({
  name: 'adamw',
  code: [fold, code],
  params: { N: 'u32', a1: 'f32', a2: 'f32', eps: 'f32', decay: 'f32' },
  bindings: {
    p: write('vec4f', 'N'),
    grads: read('vec4f', 'N'),
    m: write('vec4f', 'N'),
    v: write('vec4f', 'N'),
    norm: read('f32', '2'),
    scalars: read('f32', '3'),
  },
  workgroups: ({ N }) => [Math.ceil(N / 1024)],
})
