import backward from '#shaders/linear-log-prob-backward.wgsl?raw'
import merge from '#shaders/linear-log-prob-merge.wgsl?raw'
import partial from '#shaders/linear-log-prob-partial.wgsl?raw'
import { ShapeError } from '../gpu/errors'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { trainable } from './linear'
import { matmulTn, shardNn } from './matmul'
import { SHARD_ROWS, shardsOf, type Weight } from './matrix'
import { kernelFor, productKernels, walkedParts, walkingKernels } from './product'
import type { Tape } from './tape'
import { byFormat, ofFormat } from './weight-formats'

export const linearLogProbPartial = byFormat(({ code, element, overrides }) =>
  walkingKernels({
    name: 'linear-log-prob-partial',
    code: [code, partial],
    params: { R: 'u32', C: 'u32', N: 'u32', P: 'u32', first: 'u32', part0: 'u32' },
    bindings: () => ({
      h: read('vec4f', 'R C'),
      w: read(element, 'N W'),
      target_ids: read('u32', 'R'),
      part: write('f32', 'Q R 5'),
      picked: write('f32', 'R'),
    }),
    overrides,
    results: ({ R = 0, N = 0 }) => [R, N, 1],
    steps: ({ C = 0 }) => C,
  }),
)

export const linearLogProbMerge = defineKernel({
  name: 'linear-log-prob-merge',
  code: [merge],
  params: { R: 'u32', Q: 'u32', V: 'u32' },
  bindings: {
    part: read('f32', 'Q R 5'),
    picked: read('f32', 'R'),
    log_prob: write('f32', 'R'),
    lse: write('f32', 'R'),
    tokens: write('vec4f', 'R 4'),
  },
  workgroups: ({ R }) => [Math.ceil(R / 64)],
})

export const linearLogProbBackward = byFormat(({ code, element, overrides }) =>
  productKernels({
    name: 'linear-log-prob-backward',
    code: [code, backward],
    params: { R: 'u32', C: 'u32', V: 'u32', first: 'u32' },
    bindings: c => ({
      h: read('vec4f', 'R C'),
      w: read(element, 'V W'),
      target_ids: read('u32', 'R'),
      g: read('f32', 'R'),
      lse: read('f32', 'R'),
      c: write(c, 'R V'),
    }),
    overrides,
    results: ({ R = 0, V = 0 }) => [R, V, 1],
    steps: ({ C = 0 }) => C,
  }),
)

/** Bytes of logit gradients alive at a time in the backward pass. */
const SLICE_BYTES = 16 * 2 ** 20

/** Logits of R rows: four are stored at a time where their number allows it. */
const logitShape = (R: number, entries: number) => ({
  rows: R,
  columns: entries,
  alongK: true,
  alignedOperands: true,
  alignedResults: entries % 4 === 0,
})

/**
 * log softmax(h·wᵀ)[r, target[r]], without the R × V logits: h [R, C], w [V, C], target u32 [R] → [R], in nats.
 * The backward pass computes the logits again, a slice of the vocabulary at a time.
 *
 * @throws {ShapeError} if C is not a multiple of 4
 */
export function linearLogProb(tape: Tape, h: Tensor, w: Weight, target: Tensor): Tensor {
  const { logProb, tokens } = linearLogProbs(tape, h, w, target)
  tape.free(tokens)
  return logProb
}

/**
 * As `linearLogProb`, with what else the logits tell of each row: tokens [R, 4] = (entropy in nats, log Σ p²,
 * mean logit, 1 if no logit exceeds the target's). No gradient flows through them.
 */
export function linearLogProbs(
  tape: Tape,
  h: Tensor,
  w: Weight,
  target: Tensor,
): { readonly logProb: Tensor; readonly tokens: Tensor } {
  const { gpu } = tape
  const [R = 0, C = 0] = h.shape
  const [V = 0] = w.shape
  if (C % 4 !== 0)
    throw new ShapeError(`linear-log-prob: w has shape [${V}, ${C}], C must be a multiple of 4`)
  const shards = shardsOf(w)
  // Parts' sums are stored one by one, whatever the number of entries.
  const shapes = shards.map(({ rows }) => ({ ...logitShape(R, rows), alignedResults: true }))
  const parts = shapes.map(shape => walkedParts(gpu, shape))
  const logProb = tape.tensor([R])
  const lse = tape.tensor([R])
  const part = tape.tensor([parts.reduce((a, b) => a + b, 0), R, 5])
  const tokens = tape.tensor([R, 4])
  const picked = tape.tensor([R])
  let part0 = 0
  shards.forEach(({ first, format, values }, i) => {
    const kernel = kernelFor(gpu, ofFormat(linearLogProbPartial, format, C), shapes[i]!)
    gpu.run(kernel, { h, w: values, target_ids: target, part, picked }, { P: parts[i]!, first, part0 })
    part0 += parts[i]!
  })
  gpu.run(linearLogProbMerge, { part, picked, log_prob: logProb, lse, tokens }, { V })
  tape.free(part)
  tape.free(picked)
  tape.record([h, ...trainable(w, null)], [logProb], [lse], () => {
    const g = tape.gradient(logProb)
    const dh = tape.destination(h)
    // Slices begin at multiples of SHARD_ROWS rows of w, whose bytes are multiples of the 256 that bindings need.
    const width = Math.max(1, Math.floor(SLICE_BYTES / (4 * R * SHARD_ROWS))) * SHARD_ROWS
    for (const { first, rows, format, values } of shards) {
      const dw = tape.destination(values)
      for (let begin = 0; begin < rows; begin += width) {
        const end = Math.min(begin + width, rows)
        const dz = tape.tensor([R, end - begin])
        const slice = values.rows(begin, end)
        const kernel = kernelFor(gpu, ofFormat(linearLogProbBackward, format, C), logitShape(R, end - begin))
        gpu.run(kernel, { h, w: slice, target_ids: target, g, lse, c: dz }, { first: first + begin })
        // dz has the slice's entries alone: its columns begin with the slice's first row.
        const shard = { first: 0, rows: end - begin, format, values: slice }
        if (dh) shardNn(gpu, dz, shard, dh.grad, { accumulate: dh.accumulate === 1 || first + begin > 0 })
        if (dw) matmulTn(gpu, dz, h, dw.grad.rows(begin, end), { accumulate: dw.accumulate === 1 })
        tape.free(dz)
      }
    }
  })
  return { logProb, tokens }
}
