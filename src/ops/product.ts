import fourSteps from '#shaders/lib/four-steps.wgsl?raw'
import resultsAligned from '#shaders/lib/results-aligned.wgsl?raw'
import resultsOdd from '#shaders/lib/results-odd.wgsl?raw'
import subgroupFour from '#shaders/lib/subgroup-four.wgsl?raw'
import tilesCode from '#shaders/lib/tiles.wgsl?raw'
import broadcastCode from '#shaders/products/broadcast.wgsl?raw'
import directCode from '#shaders/products/direct.wgsl?raw'
import singleCode from '#shaders/products/single.wgsl?raw'
import tiled4Code from '#shaders/products/tiled-4x4.wgsl?raw'
import tiled8Code from '#shaders/products/tiled-8x8.wgsl?raw'
import { GpuError } from '../gpu/errors'
import type { Feature } from '../gpu/features'
import type { Gpu } from '../gpu/gpu'
import { type Bindings, defineKernel, type Kernel, type Params } from '../gpu/kernel'

/** A way to compute a product: an entry point, and the rows and columns of results that a workgroup owns. */
interface Way {
  readonly code: readonly string[]
  readonly overrides: Readonly<Record<string, number>>
  readonly rows: number
  readonly columns: number
  /** Blocks of four columns side by side in a workgroup: where invocations walk over columns, each is a part of its own. */
  readonly lanes: number
  /** Most parts that columns are divided into where invocations walk over them: enough to keep the device busy. */
  readonly parts: number
  readonly requires?: readonly Feature[]
}

/** Ways whose invocations own squares of `size` × `size` results each. */
const squares =
  (code: readonly string[], size: number, parts: number) =>
  (LANES_M: number, LANES_N: number): Way => ({
    code,
    overrides: { LANES_M, LANES_N },
    rows: size * LANES_M,
    columns: size * LANES_N,
    lanes: (LANES_N * size) / 4,
    parts,
  })
const direct = squares([directCode], 4, 64)
const tiled4 = squares(['const SIDE = 1u;', fourSteps, tilesCode, tiled4Code], 4, 256)
const tiled8 = squares(['const SIDE = 2u;', fourSteps, tilesCode, tiled8Code], 8, 256)
const single: Way = {
  code: [fourSteps, singleCode],
  overrides: {},
  rows: 1,
  columns: 8,
  lanes: 2,
  parts: 256,
}
/** Lanes of subgroups that may share what they load. */
export type SharingLanes = 4 | 8
/** What shaders are joined with whose subgroups share what they load. */
export const sharingCode = (lanes: SharingLanes): readonly string[] => [
  `const SUBGROUP = ${lanes}u;`,
  subgroupFour,
]
const broadcast = (SUBGROUP: SharingLanes, LANES: number): Way => ({
  code: [...sharingCode(SUBGROUP), broadcastCode],
  overrides: { LANES },
  rows: 2 * SUBGROUP,
  columns: 4 * LANES,
  lanes: LANES,
  parts: 64,
  requires: ['subgroups'],
})

/** All ways, by name. */
const ways = {
  direct: direct(8, 8),
  'direct-narrow': direct(32, 2),
  'direct-flat': direct(1, 64),
  'broadcast-4': broadcast(4, 32),
  'broadcast-4-narrow': broadcast(4, 4),
  'broadcast-8': broadcast(8, 32),
  'broadcast-8-narrow': broadcast(8, 8),
  'tiled-32': tiled4(8, 8),
  'tiled-64': tiled4(16, 16),
  'tiled-64-large': tiled8(8, 8),
  'tiled-128': tiled8(16, 16),
  'tiled-narrow': tiled4(32, 4),
  'tiled-wide': tiled4(4, 32),
  'tiled-flat': tiled4(2, 16),
  single,
} as const satisfies Readonly<Record<string, Way>>

export type WayName = keyof typeof ways

/**
 * Which way a device computes products of each form: `large` and `square` by the number of their results, `narrow` with
 * few columns, the rank of an adapter; with few rows `wide`, the rank again, but where both operands run along K `flat`,
 * and with one row, one token at a time, `single`.
 */
export interface ProductProfile {
  readonly large: WayName
  readonly square: WayName
  readonly narrow: WayName
  readonly flat: WayName
  readonly single: WayName
  readonly wide: WayName
}

const onProcessor = (name: `broadcast-${SharingLanes}`): ProductProfile => ({
  large: name,
  square: name,
  narrow: `${name}-narrow`,
  flat: name,
  single: name,
  wide: name,
})
const onCard = (large: WayName, square: WayName): ProductProfile => ({
  large,
  square,
  narrow: 'tiled-narrow',
  flat: 'tiled-flat',
  single: 'single',
  wide: 'tiled-wide',
})

/** Profiles by name. `direct` needs no workgroup memory; `broadcast-4` and `broadcast-8` need subgroups of so many lanes. */
export const productProfiles = {
  direct: {
    large: 'direct',
    square: 'direct',
    narrow: 'direct-narrow',
    flat: 'direct-flat',
    single: 'direct-flat',
    wide: 'direct-flat',
  },
  'broadcast-4': onProcessor('broadcast-4'),
  'broadcast-8': onProcessor('broadcast-8'),
  small: onCard('tiled-64', 'tiled-32'),
  medium: onCard('tiled-64-large', 'tiled-32'),
  large: onCard('tiled-128', 'tiled-64'),
} as const satisfies Readonly<Record<string, ProductProfile>>

export type ProductProfileName = keyof typeof productProfiles

/** Lanes of the subgroups that a profile needs; of no profile that is not here. */
const lanesOf: Readonly<Partial<Record<ProductProfileName, SharingLanes>>> = {
  'broadcast-4': 4,
  'broadcast-8': 8,
}

const chosen = new WeakMap<Gpu, ProductProfileName>()

/**
 * Makes a device compute products by a profile, from now on: what is recorded stays as it is.
 *
 * @throws {GpuError} if the profile needs subgroups of another size than the device has
 */
export function chooseProductProfile(gpu: Gpu, name: ProductProfileName): void {
  if (!runsProductProfile(gpu, name)) {
    throw new GpuError(
      `product profile ${name}: needs subgroups of ${lanesOf[name]} lanes, and ${gpu.adapterName} has ${subgroupSize(gpu) || 'none of one size'}`,
    )
  }
  chosen.set(gpu, name)
}

/** Whether a device has what a profile needs. */
export function runsProductProfile(gpu: Gpu, name: ProductProfileName): boolean {
  const lanes = lanesOf[name]
  return lanes === undefined || subgroupSize(gpu) === lanes
}

/** Lanes of subgroups that share what they load, by the device's profile; 0 where they do not. */
export const sharingLanes = (gpu: Gpu): 0 | SharingLanes => lanesOf[productProfileOf(gpu)] ?? 0

/** Whether a device's profile is one for cards: products in tiles. */
export const suitsCard = (gpu: Gpu): boolean =>
  productProfiles[productProfileOf(gpu)].narrow === 'tiled-narrow'

/** Lanes of every subgroup; 0 if the device has none to use, or of several sizes. */
function subgroupSize({ adapter: { subgroupMinSize, subgroupMaxSize }, features }: Gpu): number {
  return features.has('subgroups') && subgroupMinSize === subgroupMaxSize ? subgroupMinSize : 0
}

/** The profile of a device: the one that was chosen for it, or what suits its kind. */
export const productProfileOf = (gpu: Gpu): ProductProfileName =>
  chosen.get(gpu) ?? defaultProductProfile(gpu)

/**
 * What suits a kind of device: on a processor, where loads cost many times as much as arithmetic and workgroup memory
 * more than both, subgroups that hand on what each lane loaded; on a card tiles of medium size.
 */
export function defaultProductProfile(gpu: Gpu): ProductProfileName {
  if (!gpu.software) return 'medium'
  const lanes = subgroupSize(gpu)
  return lanes === 4 || lanes === 8 ? `broadcast-${lanes}` : 'direct'
}

const stores = {
  aligned: { code: [resultsAligned], element: 'vec4f' },
  odd: { code: [resultsOdd], element: 'f32' },
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
      ...stores[store],
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
      return [name, productKernel(product, way, { code: [], element: 'f32', overrides: {}, across })]
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
