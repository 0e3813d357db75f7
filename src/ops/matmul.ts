import nn from '#shaders/linear-nn.wgsl?raw'
import nt from '#shaders/linear-nt.wgsl?raw'
import tn from '#shaders/linear-tn.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'

/** Which variant of a product runs: how its invocations, each owning 4 × 4 results, lie along M and N. */
interface Variant {
  readonly LANES_M: number
  readonly LANES_N: number
  readonly ALIGNED: 0 | 1
}

const params = { M: 'u32', N: 'u32', K: 'u32', alpha: 'f32', accumulate: 'u32' } as const

const groups =
  ({ LANES_M, LANES_N }: Variant) =>
  ({ B, M, N }: { readonly B: number; readonly M: number; readonly N: number }) =>
    [Math.ceil(N / (4 * LANES_N)), Math.ceil(M / (4 * LANES_M)), B] as const

const defineNt = (variant: Variant) =>
  defineKernel({
    name: 'linear-nt',
    code: [nt],
    params,
    bindings: { x: read('vec4f', 'B M K'), w: read('vec4f', 'B N K'), c: write('f32', 'B M N') },
    overrides: { ...variant },
    workgroups: groups(variant),
  })

const defineNn = (variant: Variant) =>
  defineKernel({
    name: 'linear-nn',
    code: [nn],
    params,
    bindings: { dy: read('vec4f', 'B M K'), w: read('vec4f', 'B K N'), c: write('f32', 'B M N') },
    overrides: { ...variant },
    workgroups: groups(variant),
  })

const defineTn = (variant: Variant) =>
  defineKernel({
    name: 'linear-tn',
    code: [tn],
    params,
    bindings: { dy: read('vec4f', 'B K M'), x: read('vec4f', 'B K N'), c: write('f32', 'B M N') },
    overrides: { ...variant },
    workgroups: groups(variant),
  })

/**
 * A kernel for each form of a product: `square`; `narrow` for few columns, the rank of an adapter; `flat` for
 * few rows, one token at a time; and `odd` for rows that are not multiples of four values.
 */
const forms = <K>(define: (variant: Variant) => K) => ({
  square: define({ LANES_M: 8, LANES_N: 8, ALIGNED: 1 }),
  narrow: define({ LANES_M: 32, LANES_N: 2, ALIGNED: 1 }),
  flat: define({ LANES_M: 1, LANES_N: 64, ALIGNED: 1 }),
  odd: define({ LANES_M: 8, LANES_N: 8, ALIGNED: 0 }),
})

export const linearNt = forms(defineNt)
export const linearNn = forms(defineNn)
export const linearTn = forms(defineTn)

function choose<K>(kernels: { square: K; narrow: K; flat: K; odd: K }, a: Tensor, b: Tensor, c: Tensor): K {
  const [M = 0, N = 0] = c.shape.slice(-2)
  if ((a.shape.at(-1) ?? 0) % 4 !== 0 || (b.shape.at(-1) ?? 0) % 4 !== 0) return kernels.odd
  return M <= 8 ? kernels.flat : N <= 16 ? kernels.narrow : kernels.square
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
  gpu.run(choose(linearNt, x, w, c), { x: batched(x), w: batched(w), c: batched(c) }, options(o))
}

/** c = alpha·dy·w (+ c): dy [B, M, K] or [M, K], w [B, K, N] or [K, N] → c [B, M, N] or [M, N]. */
export function matmulNn(gpu: Gpu, dy: Tensor, w: Tensor, c: Tensor, o: ProductOptions = {}): void {
  gpu.run(choose(linearNn, dy, w, c), { dy: batched(dy), w: batched(w), c: batched(c) }, options(o))
}

/** c = alpha·dyᵀ·x (+ c): dy [B, K, M] or [K, M], x [B, K, N] or [K, N] → c [B, M, N] or [M, N]. */
export function matmulTn(gpu: Gpu, dy: Tensor, x: Tensor, c: Tensor, o: ProductOptions = {}): void {
  gpu.run(choose(linearTn, dy, x, c), { dy: batched(dy), x: batched(x), c: batched(c) }, options(o))
}
