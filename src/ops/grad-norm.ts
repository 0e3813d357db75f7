import partial from '#shaders/grad-norm-partial.wgsl?raw'
import total from '#shaders/grad-norm-total.wgsl?raw'
import reduce from '#shaders/lib/reduce.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'

export const gradNormPartial = defineKernel({
  name: 'grad-norm-partial',
  code: [reduce, partial],
  params: { N: 'u32', P: 'u32' },
  bindings: { grads: read('f32', 'N'), part: write('f32', 'P') },
  workgroups: ({ P }) => [P],
})

export const gradNormTotal = defineKernel({
  name: 'grad-norm-total',
  code: [reduce, total],
  params: { P: 'u32', max_norm: 'f32' },
  bindings: { part: read('f32', 'P'), norm: write('f32', '2') },
  workgroups: () => [1],
})

const PARTS = 256

/**
 * The 2-norm of all gradients and the factor that clips it: grads [N] → norm [2] = (norm, min(1, maxNorm/norm)).
 * The factor is 0 if the norm is not finite. As torch.nn.utils.clip_grad_norm_.
 */
export function gradNorm(gpu: Gpu, grads: Tensor, norm: Tensor, { maxNorm = 1 } = {}): void {
  using part = gpu.empty([PARTS])
  gpu.run(gradNormPartial, { grads, part }, {})
  gpu.run(gradNormTotal, { part, norm }, { max_norm: maxNorm })
}
