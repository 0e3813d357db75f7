import nn from '#shaders/linear-nn.wgsl?raw'
import nt from '#shaders/linear-nt.wgsl?raw'
import tn from '#shaders/linear-tn.wgsl?raw'
import { ShapeError } from '../gpu/errors'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { f32 } from './format-f32'
import type { Shard } from './matrix'
import type { WeightFormat } from './weight-format'
import { byFormat, ofFormat } from './weight-formats'

/** Which variant of a product runs: how its invocations, each owning 4 × 4 results, lie along M and N. */
interface Variant {
  readonly LANES_M: number
  readonly LANES_N: number
  readonly ALIGNED: 0 | 1
}

const params = {
  M: 'u32',
  N: 'u32',
  K: 'u32',
  O: 'u32',
  first: 'u32',
  alpha: 'f32',
  accumulate: 'u32',
} as const

const groups =
  ({ LANES_M, LANES_N }: Variant) =>
  ({ B, M, N }: { readonly B: number; readonly M: number; readonly N: number }) =>
    [Math.ceil(N / (4 * LANES_N)), Math.ceil(M / (4 * LANES_M)), B] as const

const defineNt = ({ code, element, overrides }: WeightFormat, variant: Variant) =>
  defineKernel({
    name: 'linear-nt',
    code: [code, nt],
    params,
    bindings: { x: read('vec4f', 'B M K'), w: read(element, 'B N W'), c: write('f32', 'B M O') },
    overrides: { ...variant, ...overrides },
    workgroups: groups(variant),
  })

const defineNn = ({ code, element, overrides }: WeightFormat, variant: Variant) =>
  defineKernel({
    name: 'linear-nn',
    code: [code, nn],
    params,
    bindings: { dy: read('vec4f', 'B M O'), w: read(element, 'B K W'), c: write('f32', 'B M N') },
    overrides: { ...variant, ...overrides },
    workgroups: groups(variant),
  })

const defineTn = (variant: Variant) =>
  defineKernel({
    name: 'linear-tn',
    code: [tn],
    params,
    bindings: { dy: read('vec4f', 'B K O'), x: read('vec4f', 'B K N'), c: write('f32', 'B M N') },
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

export const linearNt = byFormat(format => forms(variant => defineNt(format, variant)))
export const linearNn = byFormat(format => forms(variant => defineNn(format, variant)))
export const linearTn = forms(defineTn)

/** @param results the shape of what is computed: M, N */
function choose<K>(
  kernels: { square: K; narrow: K; flat: K; odd: K },
  aligned: boolean,
  M: number,
  N: number,
): K {
  if (!aligned) return kernels.odd
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
const last = ({ shape }: Tensor) => shape.at(-1) ?? 0

/** The rows [B, N, words] of w, which have `columns` values each, as a shard of rows 0 to N. */
const whole = (w: Tensor): Shard => ({ first: 0, rows: w.shape.at(-2) ?? 0, format: f32, values: w })

function checkWords({ format, values }: Shard, columns: number): void {
  if (format.fits(columns) && format.words(columns) === last(values)) return
  throw new ShapeError(
    `matmul: w has shape [${values.shape.join(', ')}], expected rows of ${columns} values as ${format.name}`,
  )
}

/** c = alpha·x·wᵀ (+ c): x [B, M, K] or [M, K], w [B, N, K] or [N, K] → c [B, M, N] or [M, N]. */
export function matmulNt(gpu: Gpu, x: Tensor, w: Tensor, c: Tensor, o: ProductOptions = {}): void {
  if (last(c) !== w.shape.at(-2)) throw mismatch('w', w, `N = ${last(c)} rows as c has columns`)
  shardNt(gpu, x, whole(w), c, o)
}

/** c = alpha·dy·w (+ c): dy [B, M, K] or [M, K], w [B, K, N] or [K, N] → c [B, M, N] or [M, N]. */
export function matmulNn(gpu: Gpu, dy: Tensor, w: Tensor, c: Tensor, o: ProductOptions = {}): void {
  if (last(dy) !== w.shape.at(-2)) throw mismatch('w', w, `K = ${last(dy)} rows as dy has columns`)
  shardNn(gpu, dy, whole(w), c, o)
}

/** c = alpha·dyᵀ·x (+ c): dy [B, K, M] or [K, M], x [B, K, N] or [K, N] → c [B, M, N] or [M, N]. */
export function matmulTn(gpu: Gpu, dy: Tensor, x: Tensor, c: Tensor, o: ProductOptions = {}): void {
  if (last(dy) !== c.shape.at(-2)) throw mismatch('c', c, `M = ${last(dy)} rows as dy has columns`)
  shardTn(gpu, dy, x, c, 0, o)
}

/** As `matmulNt` by some rows of w: fills as many columns of c, from `shard.first` on. */
export function shardNt(gpu: Gpu, x: Tensor, shard: Shard, c: Tensor, o: ProductOptions = {}): void {
  const { format, values, first, rows } = shard
  checkWords(shard, last(x))
  const kernels = ofFormat(linearNt, format, last(x))
  const kernel = choose(kernels, last(x) % 4 === 0, c.shape.at(-2) ?? 0, rows)
  gpu.run(kernel, { x: batched(x), w: batched(values), c: batched(c) }, { first, ...options(o) })
}

/** As `matmulNn` by some rows of w and as many columns of dy, from `shard.first` on. */
export function shardNn(gpu: Gpu, dy: Tensor, shard: Shard, c: Tensor, o: ProductOptions = {}): void {
  const { format, values, first } = shard
  checkWords(shard, last(c))
  const kernels = ofFormat(linearNn, format, last(c))
  const aligned = last(dy) % 4 === 0 && last(c) % 4 === 0
  const kernel = choose(kernels, aligned, c.shape.at(-2) ?? 0, last(c))
  gpu.run(kernel, { dy: batched(dy), w: batched(values), c: batched(c) }, { first, ...options(o) })
}

/** As `matmulTn` by as many columns of dy as c has rows, from `first` on, a multiple of 4. */
export function shardTn(
  gpu: Gpu,
  dy: Tensor,
  x: Tensor,
  c: Tensor,
  first: number,
  o: ProductOptions = {},
): void {
  const aligned = last(dy) % 4 === 0 && last(x) % 4 === 0
  const kernel = choose(linearTn, aligned, c.shape.at(-2) ?? 0, last(c))
  gpu.run(kernel, { dy: batched(dy), x: batched(x), c: batched(c) }, { first, ...options(o) })
}

const mismatch = (name: string, { shape }: Tensor, wanted: string) =>
  new ShapeError(`matmul: ${name} has shape [${shape.join(', ')}], expected ${wanted}`)
