import partial from '#shaders/grad-norm-partial.wgsl?raw'
import total from '#shaders/grad-norm-total.wgsl?raw'
import reduce from '#shaders/lib/reduce.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'

/** Values of a part, unless there would be too many parts for one workgroup to sum up quickly. */
const PART = 8192
const PARTS = 2048

/** It depends on the tensor alone, not on the device, so the order of the sum does too. */
const partsOf = (N: number) => Math.min(PARTS, Math.ceil(N / PART))

export const gradNormPartial = defineKernel({
  name: 'grad-norm-partial',
  code: [reduce, partial],
  params: { N: 'u32', first: 'u32', parts: 'u32' },
  bindings: { grads: read('vec4f', 'N'), part: write('f32', 'P') },
  workgroups: ({ N }) => [partsOf(N)],
})

export const gradNormTotal = defineKernel({
  name: 'grad-norm-total',
  code: [reduce, total],
  params: { P: 'u32', max_norm: 'f32' },
  bindings: { part: read('f32', 'P'), norm: write('f32', '2') },
  workgroups: () => [1],
})

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
  using part = gpu.empty([grads.reduce((sum, { size }) => sum + partsOf(size), 0)])
  let first = 0
  for (const tensor of grads) {
    const parts = partsOf(tensor.size)
    gpu.run(gradNormPartial, { grads: tensor, part }, { first, parts })
    first += parts
  }
  gpu.run(gradNormTotal, { part, norm }, { max_norm: maxNorm ?? NO_LIMIT })
}
