import code from '#shaders/join-attention.wgsl?raw'
import fold from '#shaders/lib/fold.wgsl?raw'
import prefixRanges from '#shaders/prefix-ranges.wgsl?raw'
import { ShapeError } from '../gpu/errors'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { attentionKernelsFor } from './attention'
import type { Tape } from './tape'

const WORKGROUP_SIZE = 64

/** Ranges of queries that see every key. */
export const prefixRangesKernel = defineKernel({
  name: 'prefix-ranges',
  code: [fold, prefixRanges],
  params: { T: 'u32', P: 'u32' },
  bindings: { ranges: write('vec4u', 'T 4') },
  overrides: { WORKGROUP_SIZE },
  workgroups: ({ T }) => [Math.ceil(T / WORKGROUP_SIZE)],
})

/** Attention over some keys and over others becomes attention over both, by their log sum exps. */
export const joinAttention = defineKernel({
  name: 'join-attention',
  code: [fold, code],
  params: { T: 'u32', H: 'u32', D: 'u32' },
  bindings: {
    o: write('vec4f', 'T H D'),
    stats: read('f32', '2 H T'),
    other: read('vec4f', 'T H D'),
    other_stats: read('f32', '2 H T'),
  },
  overrides: { WORKGROUP_SIZE },
  workgroups: ({ T, H, D }) => [Math.ceil((T * H * D) / (4 * WORKGROUP_SIZE))],
})

/** Keys and values [P, G, D] of tokens that sequences have in common. */
export interface AttentionPrefix {
  readonly k: Tensor
  readonly v: Tensor
}

/**
 * As `attention`, of queries that all see `prefix` before their own keys: q [T, H, D], k and v [S, G, D] → [T, H, D].
 * The prefix is computed once, however many sequences begin with it. Forward only. Flash-decoding and cascade
 * inference join results in the same way, https://arxiv.org/abs/2311.01282
 *
 * @param ranges u32 [T, 4], of the queries' own keys alone
 * @throws {ShapeError} for a head size without a kernel, H not a multiple of G, or a prefix of no token
 * @throws {TypeError} where a gradient would flow in
 */
export function attentionWithPrefix(
  tape: Tape,
  q: Tensor,
  prefix: AttentionPrefix,
  k: Tensor,
  v: Tensor,
  ranges: Tensor,
  { scale = 1 / Math.sqrt(q.shape[2] ?? 1) } = {},
): Tensor {
  const { gpu } = tape
  const [T = 0, H = 0, D = 0] = q.shape
  const [P = 0, G = 0] = prefix.k.shape
  if (G === 0 || H % G !== 0 || k.shape[1] !== G) {
    throw new ShapeError(
      `attentionWithPrefix: ${H} heads, ${k.shape[1]} key-value heads and ${G} in the prefix; expected a multiple of the second, and the last as many`,
    )
  }
  if (P === 0) throw new ShapeError('attentionWithPrefix: a prefix of no token. Use attention')
  if ([q, k, v, prefix.k, prefix.v].some(x => tape.tracks(x))) {
    throw new TypeError('attentionWithPrefix: no gradient is computed through a prefix. Use attention')
  }
  const { forward } = attentionKernelsFor(gpu, D)
  const all = tape.tensor([T, 4], 'u32')
  gpu.run(prefixRangesKernel, { ranges: all }, { P })
  const [o, other] = [tape.tensor([T, H, D]), tape.tensor([T, H, D])]
  const [stats, otherStats] = [tape.tensor([2, H, T]), tape.tensor([2, H, T])]
  gpu.run(forward, { q, k: prefix.k, v: prefix.v, ranges: all, o: other, stats: otherStats }, { scale })
  gpu.run(forward, { q, k, v, ranges, o, stats }, { scale })
  gpu.run(joinAttention, { o, stats, other, other_stats: otherStats }, {})
  for (const tensor of [all, other, stats, otherStats]) tape.free(tensor)
  return o
}
