import dotSteps from '#shaders/lib/dot-steps.wgsl?raw'
import fourSteps from '#shaders/lib/four-steps.wgsl?raw'
import quadBands from '#shaders/lib/quad-bands.wgsl?raw'
import quadRows from '#shaders/lib/quad-rows.wgsl?raw'
import subgroupFour from '#shaders/lib/subgroup-four.wgsl?raw'
import tilesCode from '#shaders/lib/tiles.wgsl?raw'
import broadcastCode from '#shaders/products/broadcast.wgsl?raw'
import directCode from '#shaders/products/direct.wgsl?raw'
import quadsCode from '#shaders/products/quads.wgsl?raw'
import singleCode from '#shaders/products/single.wgsl?raw'
import tiled4Code from '#shaders/products/tiled-4x4.wgsl?raw'
import tiled8Code from '#shaders/products/tiled-8x8.wgsl?raw'
import { GpuError } from '../gpu/errors'
import type { Feature } from '../gpu/features'
import type { Gpu } from '../gpu/gpu'

/** A way to compute a product: an entry point, and the rows and columns of results that a workgroup owns. */
export interface Way {
  readonly code: readonly string[]
  /** What it is joined with besides, where products are done with each row by itself, and where with four together. */
  readonly ends?: { readonly rows: readonly string[]; readonly bands: readonly string[] }
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
const shared =
  (code: string, SUBGROUP: SharingLanes, rows: number) =>
  (LANES: number): Way => ({
    code: [...sharingCode(SUBGROUP), dotSteps, code],
    overrides: { LANES },
    rows,
    columns: 4 * LANES,
    lanes: LANES,
    parts: 64,
    requires: ['subgroups'],
  })

const broadcast = shared(broadcastCode, 8, 16)
const quads = (LANES: number): Way => ({
  ...shared(quadsCode, 4, 12)(LANES),
  ends: { rows: [quadRows], bands: [quadBands] },
})

/** All ways, by name. */
export const ways = {
  direct: direct(8, 8),
  'direct-narrow': direct(32, 2),
  'direct-flat': direct(1, 64),
  quads: quads(8),
  'quads-narrow': quads(4),
  broadcast: broadcast(32),
  'broadcast-narrow': broadcast(8),
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

const onProcessor = (name: 'quads' | 'broadcast'): ProductProfile => ({
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
  'broadcast-4': onProcessor('quads'),
  'broadcast-8': onProcessor('broadcast'),
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
