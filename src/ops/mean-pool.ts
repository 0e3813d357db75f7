import fold from '#shaders/lib/fold.wgsl?raw'
import code from '#shaders/mean-pool.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import type { Tape } from './tape'

const WORKGROUP_SIZE = 64

export const meanPoolForward = defineKernel({
  name: 'mean-pool',
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
 * The mean over each sequence's tokens: x [T, C], starts and lengths u32 [S] → [S, C]. A sequence without a token
 * gives zeros. Forward only. Reimers and Gurevych, Sentence-BERT, https://arxiv.org/abs/1908.10084
 */
export function meanPool(tape: Tape, x: Tensor, starts: Tensor, lengths: Tensor): Tensor {
  const y = tape.tensor([starts.shape[0] ?? 0, x.shape[1] ?? 0])
  tape.gpu.run(meanPoolForward, { x, starts, lengths, y }, {})
  return y
}
