import rightRows from '#shaders/lib/right-rows.wgsl?raw'
import nn from '#shaders/linear-nn.wgsl?raw'
import nt from '#shaders/linear-nt.wgsl?raw'
import tn from '#shaders/linear-tn.wgsl?raw'
import { ShapeError } from '../gpu/errors'
import type { Gpu } from '../gpu/gpu'
import { read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { columnSum } from './bias'
import { f32 } from './format-f32'
import type { Shard } from './matrix'
import { kernelFor, productKernels } from './product'
import { suitsCard } from './product-profiles'
import { ofWidth } from './row-kernels'
import { byFormat, ofFormat } from './weight-formats'

const params = {
  M: 'u32',
  N: 'u32',
  K: 'u32',
  O: 'u32',
  first: 'u32',
  alpha: 'f32',
  accumulate: 'u32',
} as const

/** Of the products of this file. */
const steps = ({ K = 0 }: Readonly<Record<string, number>>) => K

const results = ({ M = 0, N = 0, B = 0 }: Readonly<Record<string, number>>) => [M, N, B] as const

export const linearNt = byFormat(({ code, element, overrides }) =>
  productKernels({
    name: 'linear-nt',
    code: [code, nt],
    params,
    bindings: c => ({ x: read('vec4f', 'B M K'), w: read(element, 'B N W'), c: write(c, 'B M O') }),
    overrides,
    takesOdd: true,
    results,
    steps,
  }),
)
export const linearNn = byFormat(({ code, element, overrides }) =>
  productKernels({
    name: 'linear-nn',
    code: [code, rightRows, nn],
    params,
    bindings: c => ({ dy: read('vec4f', 'B M O'), w: read(element, 'B K W'), c: write(c, 'B M N') }),
    overrides,
    takesOdd: true,
    results,
    steps,
  }),
)
export const linearTn = byFormat(
  ({ code, element, overrides }) =>
    productKernels({
      name: 'linear-tn',
      code: [code, rightRows, tn],
      params,
      bindings: c => ({ dy: read('vec4f', 'B K O'), w: read(element, 'B K W'), c: write(c, 'B M N') }),
      overrides,
      takesOdd: true,
      results,
      steps,
    }),
  [f32],
)

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

/** @throws {ShapeError} if the rows of a shard do not have so many values */
export function checkWords({ format, values }: Shard, columns: number): void {
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
  const kernel = kernelFor(gpu, ofFormat(linearNt, format, last(x)), {
    rows: c.shape.at(-2) ?? 0,
    columns: rows,
    alongK: true,
    alignedOperands: last(x) % 4 === 0,
    alignedResults: last(c) % 4 === 0 && first % 4 === 0 && rows % 4 === 0,
  })
  gpu.run(kernel, { x: batched(x), w: batched(values), c: batched(c) }, { first, ...options(o) })
}

/** As `matmulNn` by some rows of w and as many columns of dy, from `shard.first` on. */
export function shardNn(gpu: Gpu, dy: Tensor, shard: Shard, c: Tensor, o: ProductOptions = {}): void {
  const { format, values, first } = shard
  checkWords(shard, last(c))
  const aligned = last(dy) % 4 === 0 && last(c) % 4 === 0 && shard.rows % 4 === 0
  const kernel = kernelFor(gpu, ofFormat(linearNn, format, last(c)), {
    rows: c.shape.at(-2) ?? 0,
    columns: last(c),
    alongK: false,
    alignedOperands: aligned,
    alignedResults: aligned,
  })
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
  const [M, N] = [c.shape.at(-2) ?? 0, last(c)]
  const splits = aligned && c.shape.length === 2 ? splitsOf(gpu, M, N, dy.shape[0] ?? 0) : 1
  const kernel = kernelFor(gpu, ofFormat(linearTn, f32, last(x)), {
    rows: M,
    columns: N,
    alongK: false,
    alignedOperands: aligned,
    alignedResults: aligned,
  })
  if (splits === 1) {
    gpu.run(kernel, { dy: batched(dy), w: batched(x), c: batched(c) }, { first, ...options(o) })
    return
  }
  // Parts of the steps are batches, whose results are added in their order.
  using parts = gpu.empty([splits, M, N])
  const part = (t: Tensor) => t.view([splits, (t.shape[0] ?? 0) / splits, last(t)])
  const { alpha, accumulate } = options(o)
  gpu.run(kernel, { dy: part(dy), w: part(x), c: parts }, { first, alpha, accumulate: 0 })
  const sums = { dy: parts.view([splits, M * N]), part: c.view([1, M * N]) }
  gpu.run(ofWidth(columnSum, M * N), sums, { height: splits, accumulate })
}

/** Steps that are worth a part, and results of a tile. */
const [STEPS, TILE] = [256, 64 * 64]
/** Tiles that keep a card busy. */
const BUSY = 256

/** Into how many parts a card should divide the K steps of a product of so few results: K divides into them. */
function splitsOf(gpu: Gpu, M: number, N: number, K: number): number {
  if (!suitsCard(gpu)) return 1
  const wanted = Math.min(BUSY / Math.ceil((M * N) / TILE), K / STEPS)
  let splits = 1
  while (2 * splits <= wanted && K % (2 * splits) === 0) splits *= 2
  return splits
}

const mismatch = (name: string, { shape }: Tensor, wanted: string) =>
  new ShapeError(`matmul: ${name} has shape [${shape.join(', ')}], expected ${wanted}`)
