import fold from '#shaders/lib/fold.wgsl?raw'
import code from '#shaders/lion.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'

/** One Lion step over the values of an arena, by their clipped gradients. https://arxiv.org/abs/2302.06675 */
export const lion = defineKernel({
  name: 'lion',
  code: [fold, code],
  params: { N: 'u32', a1: 'f32', a2: 'f32', decay: 'f32' },
  bindings: {
    p: write('vec4f', 'N'),
    grads: read('vec4f', 'N'),
    m: write('vec4f', 'N'),
    norm: read('f32', '2'),
    rate: read('f32', '1'),
  },
  workgroups: ({ N }) => [Math.ceil(N / 1024)],
})
