import fold from '#shaders/lib/fold.wgsl?raw'
import code from '#shaders/position-weighted-mean.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import type { Tape } from './tape'

const WORKGROUP_SIZE = 64

export const positionWeightedMeanForward = defineKernel({
  name: 'position-weighted-mean',
  code: [fold, code],
  params: { S: 'u32', C: 'u32' },
  bindings: {
    x: read('f32', 'T C'),
    starts: read('u32', 'S'),
    lengths: read('u32', 'S'),
    y: write('f32', 'S C'),
  },
  overrides: { WORKGROUP_SIZE },
  workgroups: ({ S, C }) => [Math.ceil((S * C) / WORKGROUP_SIZE)],
})

/**
 * The mean over each sequence's tokens, a later one counting more: x [T, C], starts and lengths u32 [S] →
 * Σ_i w_i x_i [S, C] with w_i = i / Σ_j j, i from 1. A sequence without a token gives zeros. Forward only. SGPT,
 * https://arxiv.org/abs/2202.08904 eq. 2.
 */
export function positionWeightedMean(tape: Tape, x: Tensor, starts: Tensor, lengths: Tensor): Tensor {
  const y = tape.tensor([starts.shape[0] ?? 0, x.shape[1] ?? 0])
  tape.gpu.run(positionWeightedMeanForward, { x, starts, lengths, y }, {})
  return y
}
