import maskCode from '#shaders/similarity-mask.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { LARGEST } from './metric'
import type { RowLayout } from './prepare-rows'
import { tileKernels } from './tile-kernels'

const LANES_B = 8
const LANES_W = 8

export const similarityMaskKernels = tileKernels(({ suffix, code, element, overrides }) =>
  defineKernel({
    name: `similarity-mask-${suffix}`,
    code: [...code, maskCode],
    params: {
      B: 'u32',
      V: 'u32',
      W: 'u32',
      quads: 'u32',
      base: 'u32',
      count: 'u32',
      ahead: 'u32',
      upper: 'f32',
    },
    bindings: {
      x: read(element, 'A V'),
      y: read(element, 'K V'),
      rows: read('u32', 'B'),
      lower: read('f32', 'B'),
      mask: write('u32', 'B W 2'),
    },
    overrides: { LANES_B, LANES_W, ...overrides },
    workgroups: ({ B, W }) => [Math.ceil(W / LANES_W), Math.ceil(B / (4 * LANES_B))],
  }),
)

/** Rows of a tensor to compare with: `count` of them from row `base` on. */
export interface RowRange {
  readonly rows: Tensor
  readonly base: number
  readonly count: number
}

export interface MaskOptions {
  /** Sums above it, on their cautious side, belong to pairs that are surely above the threshold. */
  readonly upper?: number
  /**
   * For x's place in the range's tensor, if it is a part of it: only earlier rows get bits then, rows[n]
   * being at `within` + rows[n] in that tensor.
   */
  readonly within?: number
}

/** More than any tensor has rows. */
const ALL = 2 ** 31

/**
 * Compares the rows of x [A, V] that `rows` [B] names with a range of others; the product never exists.
 * mask [B, ceil(count / 32), 2] ← for the row that rows[n] names, in mask[n], a bit for each row of the range
 * whose sum may be above lower[n], lower [B], and in the words after those for each whose sum surely is above
 * `upper`.
 */
export function similarityMask(
  gpu: Gpu,
  { metric, storage, quads }: RowLayout,
  x: Tensor,
  rows: Tensor,
  { rows: y, base, count }: RowRange,
  lower: Tensor,
  mask: Tensor,
  { upper = LARGEST, within = ALL }: MaskOptions = {},
): void {
  gpu.run(
    similarityMaskKernels[storage][metric.term],
    { x, y, rows, lower, mask },
    { quads, base, count: base + count, ahead: within, upper },
  )
}
