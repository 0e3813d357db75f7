import code from '#shaders/adamw.wgsl?raw'
import fold from '#shaders/lib/fold.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'

/** One AdamW step over the values of an arena, by their clipped gradients. https://arxiv.org/abs/1711.05101 */
export const adamw = defineKernel({
  name: 'adamw',
  code: [fold, code],
  params: { N: 'u32', a1: 'f32', a2: 'f32', eps: 'f32', decay: 'f32' },
  bindings: {
    p: write('f32', 'N'),
    grads: read('f32', 'N'),
    m: write('f32', 'N'),
    v: write('f32', 'N'),
    norm: read('f32', '2'),
    scalars: read('f32', '3'),
  },
  workgroups: ({ N }) => [Math.ceil(N / 64)],
})
