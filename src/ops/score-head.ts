import fold from '#shaders/lib/fold.wgsl?raw'
import code from '#shaders/score-head.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { embedding } from './embedding'
import type { Weight } from './matrix'
import { byRows, ofRows } from './row-kernels'
import type { Tape } from './tape'

export const scoreHeadForward = byRows(({ code: value, element }, { LANES, ROWS }) =>
  defineKernel({
    name: 'score-head',
    code: [fold, value, code],
    params: { N: 'u32', C: 'u32', K: 'u32' },
    bindings: { h: read(element, 'N C'), w: read(element, 'K C'), score: write('f32', 'N') },
    overrides: { LANES, ROWS },
    workgroups: ({ N }) => [Math.ceil(N / ROWS)],
  }),
)

/**
 * The expected score over the tokens of 1 … K: h [N, C], w [V, C], ids u32 [K] → [N], from 1 to K.
 * Forward only. Deita's scorers, https://arxiv.org/abs/2312.15685 §2.
 */
export function scoreHead(tape: Tape, h: Tensor, w: Weight, ids: Tensor): Tensor {
  const [N = 0, C = 0] = h.shape
  const score = tape.tensor([N])
  const rows = embedding(tape, ids, w, null)
  tape.gpu.run(ofRows(scoreHeadForward, tape.gpu, C), { h, w: rows, score }, {})
  tape.free(rows)
  return score
}
