import maximaCode from '#shaders/similarity-maxima.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import type { RowLayout } from './prepare-rows'
import type { RowRange } from './similarity-mask'
import { tileKernels } from './tile-kernels'

const LANES_B = 8
const LANES_W = 8
/** Rows of the range that share a maximum. */
export const MAXIMUM_OF = 32

export const similarityMaximaKernels = tileKernels(({ suffix, code, element, overrides }) =>
  defineKernel({
    name: `similarity-maxima-${suffix}`,
    code: [...code, maximaCode],
    params: { B: 'u32', V: 'u32', W: 'u32', quads: 'u32', base: 'u32', count: 'u32' },
    bindings: {
      x: read(element, 'A V'),
      y: read(element, 'K V'),
      rows: read('u32', 'B'),
      best: write('f32', 'B W'),
    },
    overrides: { LANES_B, LANES_W, ...overrides },
    workgroups: ({ B, W }) => [Math.ceil(W / LANES_W), Math.ceil(B / (4 * LANES_B))],
  }),
)

/**
 * Compares the rows of x [A, V] that `rows` [B] names with a range of others. best [B, ceil(count / 32)] ←
 * for each 32 of them the largest sum, on its cautious side; below −3.1e38 if none can be compared.
 */
export function similarityMaxima(
  gpu: Gpu,
  { metric, storage, quads }: RowLayout,
  x: Tensor,
  rows: Tensor,
  { rows: y, base, count }: RowRange,
  best: Tensor,
): void {
  const kernel = similarityMaximaKernels[storage][metric.term]
  gpu.run(kernel, { x, y, rows, best }, { quads, base, count: base + count })
}
