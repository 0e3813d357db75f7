import code from '#shaders/score-head.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { embedding } from './embedding'
import type { Weight } from './matrix'
import type { Tape } from './tape'

export const scoreHeadForward = defineKernel({
  name: 'score-head',
  code: [code],
  params: { N: 'u32', C: 'u32', K: 'u32' },
  bindings: { h: read('f32', 'N C'), w: read('f32', 'K C'), score: write('f32', 'N') },
  workgroups: ({ N }) => [Math.ceil(N / 32)],
})

/**
 * The expected score over the tokens of 1 … K: h [N, C], w [V, C], ids u32 [K] → [N], from 1 to K.
 * Forward only. Deita's scorers, https://arxiv.org/abs/2312.15685 §2.
 */
export function scoreHead(tape: Tape, h: Tensor, w: Weight, ids: Tensor): Tensor {
  const score = tape.tensor([h.shape[0] ?? 0])
  const rows = embedding(tape, ids, w, null)
  tape.gpu.run(scoreHeadForward, { h, w: rows, score }, {})
  tape.free(rows)
  return score
}
