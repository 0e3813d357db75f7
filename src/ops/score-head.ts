import fold from '#shaders/lib/fold.wgsl?raw'
import code from '#shaders/score-head.wgsl?raw'
import broadcastCode from '#shaders/score-head-broadcast.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { embedding } from './embedding'
import type { Weight } from './matrix'
import { type SharingLanes, sharingCode, sharingLanes } from './product-profiles'
import { byRows, ofRows } from './row-kernels'
import type { Tape } from './tape'

const cost = ({ N, C, K }: { readonly N: number; readonly C: number; readonly K: number }) => ({
  flops: 2 * N * C * K,
})

export const scoreHeadForward = byRows(({ code: value, element }, { LANES, ROWS }) =>
  defineKernel({
    name: 'score-head',
    code: [fold, value, code],
    params: { N: 'u32', C: 'u32', K: 'u32' },
    bindings: { h: read(element, 'N C'), w: read(element, 'K C'), score: write('f32', 'N') },
    overrides: { LANES, ROWS },
    workgroups: ({ N }) => [Math.ceil(N / ROWS)],
    cost,
  }),
)

const shared = (lanes: SharingLanes) =>
  defineKernel({
    name: 'score-head',
    code: [fold, ...sharingCode(lanes), broadcastCode],
    params: { N: 'u32', C: 'u32', K: 'u32' },
    bindings: { h: read('vec4f', 'N C'), w: read('vec4f', 'K C'), score: write('f32', 'N') },
    requires: ['subgroups'],
    workgroups: ({ N }) => [Math.ceil(N / 64)],
    cost,
  })

/** For up to so many scores, where lanes share what they load. */
const SHARED_SCORES = 8
export const scoreHeadShared = { 4: shared(4), 8: shared(8) }

/**
 * The expected score over the tokens of 1 … K: h [N, C], w [V, C], ids u32 [K] → [N], from 1 to K.
 * Forward only. Deita's scorers, https://arxiv.org/abs/2312.15685 §2.
 */
export function scoreHead(tape: Tape, h: Tensor, w: Weight, ids: Tensor): Tensor {
  const [N = 0, C = 0] = h.shape
  const score = tape.tensor([N])
  const rows = embedding(tape, ids, w, null)
  const lanes = sharingLanes(tape.gpu)
  const shares = C % 4 === 0 && ids.size <= SHARED_SCORES
  const kernel = lanes && shares ? scoreHeadShared[lanes] : ofRows(scoreHeadForward, tape.gpu, C)
  tape.gpu.run(kernel, { h, w: rows, score }, {})
  tape.free(rows)
  return score
}
