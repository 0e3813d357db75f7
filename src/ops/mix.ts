import fold from '#shaders/lib/fold.wgsl?raw'
import code from '#shaders/mix.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'

export const mixForward = defineKernel({
  name: 'mix',
  code: [fold, code],
  params: { N: 'u32', alpha: 'f32' },
  bindings: { x: read('f32', 'N'), y: write('f32', 'N') },
  workgroups: ({ N }) => [Math.ceil(N / 64)],
})

/**
 * Moves `to` towards `from`: to ← alpha · from + (1 − alpha) · to, of any one size. With alpha 1 it is a copy.
 * The soft update of a reference model in TR-DPO, https://arxiv.org/abs/2404.09656.
 */
export function mix(gpu: Gpu, from: Tensor, to: Tensor, alpha: number): void {
  gpu.run(mixForward, { x: from.view([from.size]), y: to.view([to.size]) }, { alpha })
}
