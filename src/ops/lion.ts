import fold from '#shaders/lib/fold.wgsl?raw'
import code from '#shaders/lion.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'

/** One Lion step over the values of an arena, by their clipped gradients. https://arxiv.org/abs/2302.06675 */
export const lion = defineKernel({
  name: 'lion',
  code: [fold, code],
  params: { N: 'u32', a1: 'f32', a2: 'f32', decay: 'f32' },
  bindings: {
    p: write('f32', 'N'),
    grads: read('f32', 'N'),
    m: write('f32', 'N'),
    norm: read('f32', '2'),
    rate: read('f32', '1'),
  },
  workgroups: ({ N }) => [Math.ceil(N / 64)],
})
