import tile from '#shaders/lib/tile.wgsl?raw'
import nn from '#shaders/linear-nn.wgsl?raw'
import nt from '#shaders/linear-nt.wgsl?raw'
import tn from '#shaders/linear-tn.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'

/** Invocations along M and N; each owns 4 × 4 results. */
interface Lanes {
  readonly LANES_M: number
  readonly LANES_N: number
}

const params = { M: 'u32', N: 'u32', K: 'u32', alpha: 'f32', accumulate: 'u32' } as const

const groups =
  ({ LANES_M, LANES_N }: Lanes) =>
  ({ B, M, N }: { readonly B: number; readonly M: number; readonly N: number }) =>
    [Math.ceil(N / (4 * LANES_N)), Math.ceil(M / (4 * LANES_M)), B] as const

const defineNt = (lanes: Lanes) =>
  defineKernel({
    name: 'linear-nt',
    code: [tile, nt],
    params,
    bindings: { x: read('vec4f', 'B M K'), w: read('vec4f', 'B N K'), c: write('f32', 'B M N') },
    overrides: { ...lanes },
    workgroups: groups(lanes),
  })

const defineNn = (lanes: Lanes) =>
  defineKernel({
    name: 'linear-nn',
    code: [tile, nn],
    params,
    bindings: { dy: read('vec4f', 'B M K'), w: read('vec4f', 'B K N'), c: write('f32', 'B M N') },
    overrides: { ...lanes },
    workgroups: groups(lanes),
  })

const defineTn = (lanes: Lanes) =>
  defineKernel({
    name: 'linear-tn',
    code: [tile, tn],
    params,
    bindings: { dy: read('vec4f', 'B K M'), x: read('vec4f', 'B K N'), c: write('f32', 'B M N') },
    overrides: { ...lanes },
    workgroups: groups(lanes),
  })

const square: Lanes = { LANES_M: 16, LANES_N: 16 }
/** For few columns: the rank of an adapter. */
const narrow: Lanes = { LANES_M: 16, LANES_N: 4 }
/** For few rows: one token at a time, or the rank of an adapter. */
const flat: Lanes = { LANES_M: 4, LANES_N: 16 }

export const linearNt = defineNt(square)
export const linearNtNarrow = defineNt(narrow)
export const linearNtFlat = defineNt(flat)
export const linearNn = defineNn(square)
export const linearNnNarrow = defineNn(narrow)
export const linearNnFlat = defineNn(flat)
export const linearTn = defineTn(square)
export const linearTnNarrow = defineTn(narrow)
export const linearTnFlat = defineTn(flat)

/** The variant that wastes the least on M × N results; below 32 a square tile is mostly padding. */
const choose = <K>(M: number, N: number, variants: { square: K; narrow: K; flat: K }): K =>
  M <= 32 ? variants.flat : N <= 32 ? variants.narrow : variants.square

const variants = {
  nt: { square: linearNt, narrow: linearNtNarrow, flat: linearNtFlat },
  nn: { square: linearNn, narrow: linearNnNarrow, flat: linearNnFlat },
  tn: { square: linearTn, narrow: linearTnNarrow, flat: linearTnFlat },
}

export interface ProductOptions {
  /** Factor of the product. */
  readonly alpha?: number
  /** Whether to add to what `c` holds. */
  readonly accumulate?: boolean
}

const batched = (t: Tensor) => (t.shape.length === 2 ? t.view([1, ...t.shape]) : t)
const options = ({ alpha = 1, accumulate = false }: ProductOptions) => ({
  alpha,
  accumulate: accumulate ? 1 : 0,
})

/** c = alpha·x·wᵀ (+ c): x [B, M, K] or [M, K], w [B, N, K] or [N, K] → c [B, M, N] or [M, N]. */
export function matmulNt(gpu: Gpu, x: Tensor, w: Tensor, c: Tensor, o: ProductOptions = {}): void {
  const [M = 0, N = 0] = c.shape.slice(-2)
  gpu.run(choose(M, N, variants.nt), { x: batched(x), w: batched(w), c: batched(c) }, options(o))
}

/** c = alpha·dy·w (+ c): dy [B, M, K] or [M, K], w [B, K, N] or [K, N] → c [B, M, N] or [M, N]. */
export function matmulNn(gpu: Gpu, dy: Tensor, w: Tensor, c: Tensor, o: ProductOptions = {}): void {
  const [M = 0, N = 0] = c.shape.slice(-2)
  gpu.run(choose(M, N, variants.nn), { dy: batched(dy), w: batched(w), c: batched(c) }, options(o))
}

/** c = alpha·dyᵀ·x (+ c): dy [B, K, M] or [K, M], x [B, K, N] or [K, N] → c [B, M, N] or [M, N]. */
export function matmulTn(gpu: Gpu, dy: Tensor, x: Tensor, c: Tensor, o: ProductOptions = {}): void {
  const [M = 0, N = 0] = c.shape.slice(-2)
  gpu.run(choose(M, N, variants.tn), { dy: batched(dy), x: batched(x), c: batched(c) }, options(o))
}
