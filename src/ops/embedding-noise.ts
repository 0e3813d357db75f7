import noiseCode from '#shaders/embedding-noise.wgsl?raw'
import hash from '#shaders/lib/counter-hash.wgsl?raw'
import fold from '#shaders/lib/fold.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'

/** Uniform noise on embedded tokens. */
export interface EmbeddingNoise {
  /** Largest noise of each token, f32 [T]: α/√(L·C) in a sequence of L tokens of C channels. */
  readonly magnitude: Tensor
  /** u32 [1]: the same seed gives the same noise. Data, so that a recording replays with another. */
  readonly seed: Tensor
}

export const embeddingNoiseKernel = defineKernel({
  name: 'embedding-noise',
  code: [fold, hash, noiseCode],
  params: { T: 'u32', C: 'u32', stream: 'u32' },
  bindings: { seed: read('u32', '1'), magnitude: read('f32', 'T'), x: write('f32', 'T C') },
  workgroups: ({ T, C }) => [Math.ceil((T * C) / 64)],
})

/** No layer's, which dropout counts from 0. */
export const NOISE_STREAM = 0xffffffff

/**
 * Adds noise in ±magnitude to embedded tokens x [T, C], in place: a constant, so the gradient passes it unchanged.
 * NEFTune, https://arxiv.org/abs/2310.05914
 */
export function addEmbeddingNoise(gpu: Gpu, { magnitude, seed }: EmbeddingNoise, x: Tensor): void {
  gpu.run(embeddingNoiseKernel, { seed, magnitude, x }, { stream: NOISE_STREAM })
}
