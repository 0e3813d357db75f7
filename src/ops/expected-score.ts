import code from '#shaders/expected-score.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'

export const expectedScoreForward = defineKernel({
  name: 'expected-score',
  code: [code],
  params: { B: 'u32', T: 'u32', V: 'u32', K: 'u32' },
  bindings: {
    x: read('f32', 'B T V'),
    positions: read('u32', 'B'),
    ids: read('u32', 'K'),
    score: write('f32', 'B'),
  },
  workgroups: ({ B }) => [Math.ceil(B / 32)],
})

/**
 * The expected score over the tokens of 1 … K, from logits that are there already: x [B, T, V], positions u32 [B]
 * below T, ids u32 [K] below V → score [B], from 1 to K. Forward only; `scoreHead` does it without logits. Deita's
 * scorers, https://arxiv.org/abs/2312.15685 §2.
 */
export function expectedScore(gpu: Gpu, x: Tensor, positions: Tensor, ids: Tensor, score: Tensor): void {
  gpu.run(expectedScoreForward, { x, positions, ids, score }, {})
}
