import finishRows from '#shaders/lib/finish-rows.wgsl?raw'
import resultsAligned from '#shaders/lib/results-aligned.wgsl?raw'
import resultsOdd from '#shaders/lib/results-odd.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { type Bindings, defineKernel, type Kernel, type Params } from '../gpu/kernel'
import { productProfileOf, productProfiles, type Way, type WayName, ways } from './product-profiles'

const stores = {
  aligned: { code: [resultsAligned, finishRows], element: 'vec4f' },
  odd: { code: [resultsOdd, finishRows], element: 'f32' },
} as const

/** A product without an entry point: its file and those it is joined with. */
export interface Product<B extends Bindings, P extends Params> {
  readonly name: string
  readonly code: readonly string[]
  readonly params: P
  /** `c` as its results are stored: four values at a time, or one. */
  bindings(c: 'vec4f' | 'f32'): B
  readonly overrides?: Readonly<Record<string, number>>
  /** Whether it also takes operands in rows of any number of values, for which its file has the override ALIGNED. */
  readonly takesOdd?: boolean
  /** M, N and B of the results by the sizes of the axes. */
  results(dims: Readonly<Record<string, number>>): readonly [rows: number, columns: number, batches: number]
  /** Multiplications of a result, by the sizes of the axes. */
  steps(dims: Readonly<Record<string, number>>): number
}

export type ProductKernels<B extends Bindings, P extends Params> = ReadonlyMap<string, Kernel<B, P>>

/** The kernels of a product: every way for aligned rows, and the direct one for rows of any number of values. */
export function productKernels<B extends Bindings, P extends Params>(
  product: Product<B, P>,
): ProductKernels<B, P> {
  const kernel = (way: Way, store: keyof typeof stores, overrides: Readonly<Record<string, number>> = {}) =>
    productKernel(product, way, {
      element: stores[store].element,
      code: [...stores[store].code, ...(way.ends?.rows ?? [])],
      overrides,
      across: columns => Math.ceil(columns / way.columns),
    })
  return new Map([
    ...Object.entries(ways).map(([name, way]) => [name, kernel(way, 'aligned')] as const),
    // What is read is aligned, what is stored is not: one vocabulary entry more than a multiple of four.
    ['uneven', kernel(ways.direct, 'odd')],
    ['uneven-flat', kernel(ways['direct-flat'], 'odd')],
    ...(product.takesOdd ? [['odd', kernel(ways.direct, 'odd', { ALIGNED: 0 })] as const] : []),
  ])
}

/**
 * The kernels of a product whose invocations walk over columns, and store what they make of them in the end: sums over
 * parts of the columns. How many parts there are depends on the columns alone, so that a row's bits do not on others.
 */
export const walkingKernels = <B extends Bindings, P extends Params>(
  product: Product<B, P>,
): ProductKernels<B, P> =>
  new Map(
    Object.entries(ways).map(([name, way]) => {
      const across = (columns: number) => walkersAcross(way, columns)
      const joined = { code: way.ends?.bands ?? [], element: 'f32', overrides: {}, across } as const
      return [name, productKernel(product, way, joined)]
    }),
  )

/** Workgroups side by side that walk over columns. */
const walkersAcross = ({ columns: width, lanes, parts }: Way, columns: number) =>
  Math.min(Math.ceil(columns / width), Math.max(1, Math.floor(parts / lanes)))

/** Parts that the walking kernel of a shape divides the columns into. */
export function walkedParts(gpu: Gpu, shape: ProductShape): number {
  const way: Way = ways[wayOf(gpu, shape) as WayName]
  return walkersAcross(way, shape.columns) * way.lanes
}

interface Joined {
  readonly code: readonly string[]
  readonly element: 'vec4f' | 'f32'
  readonly overrides: Readonly<Record<string, number>>
  /** Workgroups side by side. */
  across(columns: number): number
}

const productKernel = <B extends Bindings, P extends Params>(
  product: Product<B, P>,
  way: Way,
  { code, element, overrides, across }: Joined,
): Kernel<B, P> =>
  defineKernel<B, P>({
    name: product.name,
    code: [...product.code, ...code, ...way.code],
    params: product.params,
    bindings: product.bindings(element),
    overrides: { ...way.overrides, ...product.overrides, ...overrides },
    ...(way.requires ? { requires: way.requires } : {}),
    workgroups: dims => {
      const [rows, columns, batches] = product.results(dims)
      return [across(columns), Math.ceil(rows / way.rows), batches]
    },
    cost: dims => ({
      flops: 2 * product.results(dims).reduce((a, b) => a * b) * product.steps(dims),
    }),
  })

export interface ProductShape {
  readonly rows: number
  readonly columns: number
  /** Whether the second operand runs along K. */
  readonly alongK: boolean
  /** Whether operands' rows are multiples of four values. */
  readonly alignedOperands: boolean
  /** Whether the results' are, and begin at one. */
  readonly alignedResults: boolean
}

/** Results from which on a product counts as large: enough big tiles to keep a big card busy. */
const LARGE = 1024 * 1024
/** Columns and rows up to which a product is narrow and flat. */
const NARROW = 16
const FLAT = 8

/** The kernel for a product of a shape on a device. */
export const kernelFor = <B extends Bindings, P extends Params>(
  gpu: Gpu,
  kernels: ProductKernels<B, P>,
  shape: ProductShape,
): Kernel<B, P> => kernels.get(wayOf(gpu, shape))!

function wayOf(gpu: Gpu, { rows, columns, alongK, alignedOperands, alignedResults }: ProductShape): string {
  const profile = productProfiles[productProfileOf(gpu)]
  const flat = rows <= FLAT
  if (!alignedOperands) return 'odd'
  if (!alignedResults) return flat ? 'uneven-flat' : 'uneven'
  if (flat && !alongK) return profile.wide
  if (flat) return rows === 1 ? profile.single : profile.flat
  if (columns <= NARROW) return profile.narrow
  return rows * columns >= LARGE ? profile.large : profile.square
}
