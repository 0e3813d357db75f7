import partial from '#shaders/argmax-partial.wgsl?raw'
import total from '#shaders/argmax-total.wgsl?raw'
import firstLargest from '#shaders/lib/first-largest.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'

export const argmaxPartial = defineKernel({
  name: 'argmax-partial',
  code: [firstLargest, partial],
  params: { N: 'u32', V: 'u32', P: 'u32' },
  bindings: { x: read('f32', 'N V'), part: write('u32', 'N P 2') },
  workgroups: ({ N, P }) => [P, N],
})

export const argmaxTotal = defineKernel({
  name: 'argmax-total',
  code: [firstLargest, total],
  params: { N: 'u32', P: 'u32' },
  bindings: { part: read('u32', 'N P 2'), index: write('u32', 'N') },
  workgroups: ({ N }) => [N],
})

/** Parts of a row, each a workgroup's: 16 values an invocation for a vocabulary of 2¹⁸. */
const PARTS = 64

/** In place of an index: the row holds infinity or NaN. */
export const NOT_FINITE = 0xffffffff

/**
 * Where each row's largest value stands, the first of equal ones: x [N, V], N below 2¹⁶ → index u32 [N], NOT_FINITE
 * for a row that holds a value that is not finite. It has no gradient.
 */
export function argmax(gpu: Gpu, x: Tensor, index: Tensor): void {
  const [N = 0] = x.shape
  using part = gpu.empty([N, PARTS, 2], 'u32')
  gpu.run(argmaxPartial, { x, part }, {})
  gpu.run(argmaxTotal, { part, index }, {})
}
