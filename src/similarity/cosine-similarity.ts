import code from '#shaders/cosine-similarity.wgsl?raw'
import fold from '#shaders/lib/fold.wgsl?raw'
import rowsF16 from '#shaders/lib/rows-f16.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import type { Storage } from './prepare-rows'
import { SimilarityError } from './similarity-error'

const WORKGROUP_SIZE = 64

const define = (storage: Storage) =>
  defineKernel({
    name: `cosine-similarity-${storage}`,
    code: [fold, rowsF16, code],
    params: { N: 'u32', E: 'u32' },
    bindings: { x: read('f32', 'N E'), y: read('f32', 'N E'), s: write('f32', 'N') },
    overrides: { WORKGROUP_SIZE, ROUND: Number(storage === 'f16') },
    workgroups: ({ N }) => [Math.ceil(N / WORKGROUP_SIZE)],
  })

export const cosineSimilarityKernels = { f32: define('f32'), f16: define('f16') }

export interface CosineSimilarityOptions {
  /** 'f16' compares the vectors as fp16 would hold them: to the nearest, and zero below 2⁻¹⁴. */
  readonly storage?: Storage
}

/**
 * The cosine of each row of x [N, E] with the row of y [N, E] in its place: [N], good to (E + 64) · 2⁻²⁴. NaN
 * where one of the two is zero or not finite. For every row with every other see `topK` and `thresholdJoin`.
 *
 * @throws {SimilarityError} if the two have not one shape [N, E]
 */
export async function cosineSimilarity(
  gpu: Gpu,
  x: Tensor,
  y: Tensor,
  { storage = 'f32' }: CosineSimilarityOptions = {},
): Promise<Float32Array> {
  const [N = 0, E = 0] = x.shape
  if (x.shape.length !== 2 || E === 0 || y.shape.join() !== x.shape.join()) {
    throw new SimilarityError(
      `cosineSimilarity: x has shape [${x.shape.join(', ')}] and y [${y.shape.join(', ')}], expected one shape [N, E]`,
    )
  }
  using s = gpu.empty([N])
  gpu.run(cosineSimilarityKernels[storage], { x, y, s }, {})
  const values = await gpu.read(s)
  return values.map(value => (value > 1 ? Number.NaN : value))
}
