import backward from '#shaders/linear-log-prob-backward.wgsl?raw'
import merge from '#shaders/linear-log-prob-merge.wgsl?raw'
import partial from '#shaders/linear-log-prob-partial.wgsl?raw'
import { ShapeError } from '../gpu/errors'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { matmulNn, matmulTn } from './matmul'
import type { Tape } from './tape'

export const linearLogProbPartial = defineKernel({
  name: 'linear-log-prob-partial',
  code: [partial],
  params: { R: 'u32', C: 'u32', V: 'u32', P: 'u32' },
  bindings: {
    h: read('vec4f', 'R C'),
    w: read('vec4f', 'V C'),
    target_ids: read('u32', 'R'),
    part: write('f32', 'P R 2'),
    picked: write('f32', 'R'),
  },
  workgroups: ({ R, P }) => [Math.ceil(P / 8), Math.ceil(R / 32)],
})

export const linearLogProbMerge = defineKernel({
  name: 'linear-log-prob-merge',
  code: [merge],
  params: { R: 'u32', P: 'u32' },
  bindings: {
    part: read('f32', 'P R 2'),
    picked: read('f32', 'R'),
    log_prob: write('f32', 'R'),
    lse: write('f32', 'R'),
  },
  workgroups: ({ R }) => [Math.ceil(R / 64)],
})

export const linearLogProbBackward = defineKernel({
  name: 'linear-log-prob-backward',
  code: [backward],
  params: { R: 'u32', C: 'u32', V: 'u32', first: 'u32' },
  bindings: {
    h: read('vec4f', 'R C'),
    w: read('vec4f', 'V C'),
    target_ids: read('u32', 'R'),
    g: read('f32', 'R'),
    lse: read('f32', 'R'),
    dz: write('f32', 'R V'),
  },
  workgroups: ({ R, V }) => [Math.ceil(V / 32), Math.ceil(R / 32)],
})

/** Parts of the vocabulary, each with its own running maximum: enough invocations, little to merge. */
const PARTS = 64
/** Bytes of logit gradients alive at a time in the backward pass. */
const SLICE_BYTES = 16 * 2 ** 20

/**
 * log softmax(h·wᵀ)[r, target[r]], without the R × V logits: h [R, C], w [V, C], target u32 [R] → [R], in nats.
 * The backward pass computes the logits again, a slice of the vocabulary at a time.
 *
 * @throws {ShapeError} if C is not a multiple of 4
 */
export function linearLogProb(tape: Tape, h: Tensor, w: Tensor, target: Tensor): Tensor {
  const { gpu } = tape
  const [R = 0, C = 0] = h.shape
  const [V = 0] = w.shape
  if (C % 4 !== 0)
    throw new ShapeError(`linear-log-prob: w has shape [${V}, ${C}], C must be a multiple of 4`)
  const P = Math.min(PARTS, V)
  const logProb = tape.tensor([R])
  const lse = tape.tensor([R])
  const part = tape.tensor([P, R, 2])
  const picked = tape.tensor([R])
  gpu.run(linearLogProbPartial, { h, w, target_ids: target, part, picked }, {})
  gpu.run(linearLogProbMerge, { part, picked, log_prob: logProb, lse }, {})
  tape.free(part)
  tape.free(picked)
  tape.record([h, w], [logProb], [lse], () => {
    const g = tape.gradient(logProb)
    const dh = tape.destination(h)
    const dw = tape.destination(w)
    // Slices begin at multiples of 64 rows of w, which are multiples of the 256 bytes that bindings need.
    const width = Math.max(64, Math.floor(SLICE_BYTES / (4 * R) / 64) * 64)
    for (let first = 0; first < V; first += width) {
      const end = Math.min(first + width, V)
      const dz = tape.tensor([R, end - first])
      const slice = w.rows(first, end)
      gpu.run(linearLogProbBackward, { h, w: slice, target_ids: target, g, lse, dz }, { first })
      if (dh) matmulNn(gpu, dz, slice, dh.grad, { accumulate: dh.accumulate === 1 || first > 0 })
      if (dw) {
        matmulTn(gpu, dz, h, dw.grad.rows(first, end), { accumulate: dw.accumulate === 1 })
      }
      tape.free(dz)
    }
  })
  return logProb
}
