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

/** Parts of each tensor. It does not depend on the device, so the order of the sum does not. */
const PARTS = 256
/** In place of no limit: no finite norm reaches it, and dividing it by the least norm does not overflow. */
const NO_LIMIT = 1e30

/**
 * The 2-norm of all gradients together and the factor that clips it: grads [N] each → norm [2] =
 * (norm, min(1, maxNorm/norm)). The factor is 0 if the norm is not finite, and else 1 where `maxNorm` is null.
 * As torch.nn.utils.clip_grad_norm_.
 */
export function gradNorm(
  gpu: Gpu,
  grads: readonly Tensor[],
  norm: Tensor,
  { maxNorm }: { readonly maxNorm: number | null },
): void {
  using part = gpu.empty([grads.length * PARTS])
  grads.forEach((tensor, i) => {
    gpu.run(gradNormPartial, { grads: tensor, part: part.rows(i * PARTS, (i + 1) * PARTS) }, {})
  })
  gpu.run(gradNormTotal, { part, norm }, { max_norm: maxNorm ?? NO_LIMIT })
}
