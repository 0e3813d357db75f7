import fold from '#shaders/lib/fold.wgsl?raw'
import plain from '#shaders/sgd.wgsl?raw'
import momentum from '#shaders/sgd-momentum.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'

/** A gradient step on the values of an arena, by their clipped gradients. Decay is added to the gradient. */
export const sgd = defineKernel({
  name: 'sgd',
  code: [fold, plain],
  params: { N: 'u32', decay: 'f32' },
  bindings: {
    p: write('vec4f', 'N'),
    grads: read('vec4f', 'N'),
    norm: read('f32', '2'),
    rate: read('f32', '1'),
  },
  workgroups: ({ N }) => [Math.ceil(N / 1024)],
})

/** The same with momentum, as torch.optim.SGD without dampening; v is 0 before the first step. */
export const sgdMomentum = defineKernel({
  name: 'sgd-momentum',
  code: [fold, momentum],
  params: { N: 'u32', momentum: 'f32', own: 'f32', fresh: 'f32', decay: 'f32' },
  bindings: {
    p: write('vec4f', 'N'),
    grads: read('vec4f', 'N'),
    v: write('vec4f', 'N'),
    norm: read('f32', '2'),
    rate: read('f32', '1'),
  },
  workgroups: ({ N }) => [Math.ceil(N / 1024)],
})
