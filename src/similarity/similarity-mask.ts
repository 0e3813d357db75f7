import rowsF16 from '#shaders/lib/rows-f16.wgsl?raw'
import rowsF32 from '#shaders/lib/rows-f32.wgsl?raw'
import tile from '#shaders/lib/similarity-tile.wgsl?raw'
import code from '#shaders/similarity-mask.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { LARGEST, type Term } from './metric'
import { type RowLayout, SEGMENT, type Storage } from './prepare-rows'

const LANES_B = 8
const LANES_W = 8

/** Values of the shaders' TERM. */
export const TERMS: Readonly<Record<Term, number>> = { product: 0, difference: 1, square: 2 }

const define = (storage: Storage, term: Term) => {
  const element = storage === 'f16' ? 'vec2u' : 'vec4u'
  return defineKernel({
    name: `similarity-mask-${storage}-${term}`,
    code: [storage === 'f16' ? rowsF16 : rowsF32, tile, code],
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
    overrides: { LANES_B, LANES_W, TERM: TERMS[term], SEGMENT },
    workgroups: ({ B, W }) => [Math.ceil(W / LANES_W), Math.ceil(B / (4 * LANES_B))],
  })
}

const forTerms = (storage: Storage) => ({
  product: define(storage, 'product'),
  difference: define(storage, 'difference'),
  square: define(storage, 'square'),
})

export const similarityMaskKernels = { f16: forTerms('f16'), f32: forTerms('f32') }

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
