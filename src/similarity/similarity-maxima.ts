import rowsF16 from '#shaders/lib/rows-f16.wgsl?raw'
import rowsF32 from '#shaders/lib/rows-f32.wgsl?raw'
import tile from '#shaders/lib/similarity-tile.wgsl?raw'
import code from '#shaders/similarity-maxima.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import type { Term } from './metric'
import { type RowLayout, SEGMENT, type Storage } from './prepare-rows'
import { type RowRange, TERMS } from './similarity-mask'

const LANES_B = 8
const LANES_W = 8
/** Rows of the range that share a maximum. */
export const MAXIMUM_OF = 32

const define = (storage: Storage, term: Term) => {
  const element = storage === 'f16' ? 'vec2u' : 'vec4u'
  return defineKernel({
    name: `similarity-maxima-${storage}-${term}`,
    code: [storage === 'f16' ? rowsF16 : rowsF32, tile, code],
    params: { B: 'u32', V: 'u32', W: 'u32', quads: 'u32', base: 'u32', count: 'u32' },
    bindings: {
      x: read(element, 'A V'),
      y: read(element, 'K V'),
      rows: read('u32', 'B'),
      best: write('f32', 'B W'),
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

export const similarityMaximaKernels = { f16: forTerms('f16'), f32: forTerms('f32') }

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
