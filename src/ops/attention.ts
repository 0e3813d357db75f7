import keyValue from '#shaders/attention-backward-key-value.wgsl?raw'
import keyValueBroadcast from '#shaders/attention-backward-key-value-broadcast.wgsl?raw'
import query from '#shaders/attention-backward-query.wgsl?raw'
import queryBroadcast from '#shaders/attention-backward-query-broadcast.wgsl?raw'
import delta from '#shaders/attention-delta.wgsl?raw'
import forward from '#shaders/attention-forward.wgsl?raw'
import forwardBroadcast from '#shaders/attention-forward-broadcast.wgsl?raw'
import { ShapeError } from '../gpu/errors'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { type SharingLanes, sharingCode, sharingLanes } from './product-profiles'
import type { Tape } from './tape'
import { unrolled } from './unrolled'

/** What the softmax's backward pass subtracts. No register holds a head here, so one kernel does for all sizes. */
export const attentionDelta = defineKernel({
  name: 'attention-delta',
  code: [delta],
  params: { T: 'u32', H: 'u32', D: 'u32' },
  bindings: { o: read('vec4f', 'T H D'), dout: read('vec4f', 'T H D'), stats: write('f32', '2 H T') },
  workgroups: ({ T, H }) => [Math.ceil(T / 64), H],
})

/** Up to this head size lanes share what they load: beyond, a processor's compiler takes minutes for the kernel. */
const SHARED_HEAD = 64

/**
 * Up to this head size the forward pass of subgroups of four is faster without loops over a head. With 64 it was slower,
 * as its code no longer fits into a cache; the backward passes, which use more often what they load, were faster there.
 */
const UNROLLED_FORWARD = 32

/**
 * The kernels for one head size. Registers hold a query, so the size must be known to the compiler:
 * it is joined as a module of one constant. `lanes` are those of subgroups that share what they load, 0 for none.
 */
const define = (D: number, lanes: 0 | SharingLanes) => {
  const head = [`const HEAD = ${D / 4}u;`, ...(lanes ? sharingCode(lanes) : [])]
  const written = (code: string, most = SHARED_HEAD) =>
    lanes === 4 && D <= most ? unrolled(code, { HEAD: D / 4, PART: D / 4 }) : code
  const requires = lanes ? (['subgroups'] as const) : []
  return {
    forward: defineKernel({
      name: 'attention-forward',
      requires,
      code: [...head, lanes ? written(forwardBroadcast, UNROLLED_FORWARD) : forward],
      params: { T: 'u32', H: 'u32', G: 'u32', scale: 'f32' },
      bindings: {
        q: read('vec4f', 'T H D'),
        k: read('vec4f', 'S G D'),
        v: read('vec4f', 'S G D'),
        ranges: read('u32', 'T 4'),
        o: write('vec4f', 'T H D'),
        stats: write('f32', '2 H T'),
      },
      workgroups: ({ T, H }) => [Math.ceil(T / 32), H],
    }),
    backwardQuery: defineKernel({
      name: 'attention-backward-query',
      requires,
      code: [...head, lanes ? written(queryBroadcast) : query],
      params: { T: 'u32', H: 'u32', G: 'u32', scale: 'f32', accumulate: 'u32' },
      bindings: {
        q: read('vec4f', 'T H D'),
        k: read('vec4f', 'S G D'),
        v: read('vec4f', 'S G D'),
        dout: read('vec4f', 'T H D'),
        ranges: read('u32', 'T 4'),
        stats: read('f32', '2 H T'),
        dq: write('vec4f', 'T H D'),
      },
      workgroups: ({ T, H }) => [Math.ceil(T / 32), H],
    }),
    backwardKeyValue: defineKernel({
      name: 'attention-backward-key-value',
      requires,
      code: [...head, lanes ? written(keyValueBroadcast) : keyValue],
      params: { T: 'u32', H: 'u32', G: 'u32', scale: 'f32', accumulate_k: 'u32', accumulate_v: 'u32' },
      bindings: {
        q: read('vec4f', 'T H D'),
        k: read('vec4f', 'T G D'),
        v: read('vec4f', 'T G D'),
        dout: read('vec4f', 'T H D'),
        ranges: read('u32', 'T 4'),
        stats: read('f32', '2 H T'),
        dk: write('vec4f', 'T G D'),
        dv: write('vec4f', 'T G D'),
      },
      workgroups: ({ T, G }) => [Math.ceil(T / 32), G],
    }),
  }
}

const bySize = (most: number, lanes: 0 | SharingLanes) =>
  Object.fromEntries(Array.from({ length: most / 8 }, (_, i) => [8 * (i + 1), define(8 * (i + 1), lanes)]))

/** Kernels by head size D, every multiple of 8 up to 256. */
export const attentionKernels = bySize(256, 0)
/** Those whose lanes share what they load, by the lanes. */
export const sharedAttentionKernels = { 4: bySize(SHARED_HEAD, 4), 8: bySize(SHARED_HEAD, 8) }

/**
 * The kernels for heads of D values on a device.
 *
 * @throws {ShapeError} for a head size without a kernel
 */
export function attentionKernelsFor(gpu: Gpu, D: number): ReturnType<typeof define> {
  const lanes = sharingLanes(gpu)
  const kernels = (lanes && sharedAttentionKernels[lanes][D]) || attentionKernels[D]
  if (!kernels) throw new ShapeError(`attention: head size ${D}, expected a multiple of 8 from 8 to 256`)
  return kernels
}

/**
 * Softmax attention over packed sequences with grouped heads:
 * q [T, H, D], k and v [S, G, D], H a multiple of G → o [T, H, D]. Scores are multiplied by `scale`, 1/√D unless told.
 *
 * @param ranges u32 [T, 4] from `packRanges`: for each query its first and last key, for each key its first
 *   and last query. Each column must not decrease. Training needs S = T.
 * @throws {ShapeError} for a head size without a kernel, or H not a multiple of G
 */
export function attention(
  tape: Tape,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  ranges: Tensor,
  { scale = 1 / Math.sqrt(q.shape[2] ?? 1) } = {},
): Tensor {
  const { gpu } = tape
  const [T = 0, H = 0, D = 0] = q.shape
  const G = k.shape[1] ?? 0
  if (G === 0 || H % G !== 0)
    throw new ShapeError(`attention: ${H} heads are not a multiple of ${G} key-value heads`)
  const kernels = attentionKernelsFor(gpu, D)
  const o = tape.tensor([T, H, D])
  const stats = tape.tensor([2, H, T])
  gpu.run(kernels.forward, { q, k, v, ranges, o, stats }, { scale })
  tape.record([q, k, v], [o], [stats], () => {
    const dout = tape.gradient(o)
    gpu.run(attentionDelta, { o, dout, stats }, {})
    const dq = tape.destination(q)
    if (dq) {
      gpu.run(
        kernels.backwardQuery,
        { q, k, v, dout, ranges, stats, dq: dq.grad },
        { scale, accumulate: dq.accumulate },
      )
    }
    const dk = tape.destination(k)
    const dv = tape.destination(v)
    if (!dk || !dv) return
    gpu.run(
      kernels.backwardKeyValue,
      { q, k, v, dout, ranges, stats, dk: dk.grad, dv: dv.grad },
      { scale, accumulate_k: dk.accumulate, accumulate_v: dv.accumulate },
    )
  })
  return o
}

/**
 * Ranges for sequences packed one after the other: u32 [Σ lengths, 4]. Positions beyond the sequences, up to `total`,
 * see only themselves.
 *
 * @param causal whether a token sees its sequence only up to itself, or all of it
 */
export function packRanges(
  lengths: readonly number[],
  { total, causal = true }: { readonly total?: number; readonly causal?: boolean } = {},
): Uint32Array {
  const used = lengths.reduce((a, b) => a + b, 0)
  const ranges = new Uint32Array(4 * (total ?? used))
  let begin = 0
  for (const length of lengths) {
    const end = begin + length - 1
    for (let t = begin; t <= end; t++)
      ranges.set(causal ? [begin, t, t, end] : [begin, end, begin, end], t * 4)
    begin += length
  }
  for (let t = used; t < (total ?? used); t++) ranges.set([t, t, t, t], t * 4)
  return ranges
}
