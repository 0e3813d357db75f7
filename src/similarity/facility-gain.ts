import coverCode from '#shaders/facility-cover.wgsl?raw'
import gainCode from '#shaders/facility-gain.wgsl?raw'
import components from '#shaders/lib/components.wgsl?raw'
import fold from '#shaders/lib/fold.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Recording } from '../gpu/recording'
import type { Tensor } from '../gpu/tensor'
import { type FixedPointRows, NO_ROW, ONE, TILE, wordsOf } from './fixed-point-rows'

/** What covers a row fully: the similarity of equal rows, without its last twelve bits. */
export const COVERED = ONE / 2 ** 12
/** Entries that one invocation of the kernel handles. */
const SIDE = 8
/** Tiles whose sums fit 32 bits. */
const MOST_TILES = 128
/** Blocks of a shard that are enough to keep a GPU busy. More of them make more to read. */
const BLOCKS = 512

export const facilityGainKernel = defineKernel({
  name: 'facility-gain',
  code: [components, gainCode],
  params: { M: 'u32', W: 'u32', base: 'u32', count: 'u32', tiles: 'u32', block: 'u32' },
  bindings: {
    words: read('u32', 'T W 64'),
    offsets: read('i32', 'N'),
    chosen: read('vec4i', 'M V'),
    own: read('i32', 'M'),
    list: read('u32', 'M'),
    covered: read('u32', 'N'),
    gains: write('u32', 'K M'),
  },
  overrides: { WORKGROUP_SIZE: TILE },
  workgroups: ({ K, M }) => [K, M / SIDE],
})

export const facilityCoverKernel = defineKernel({
  name: 'facility-cover',
  code: [fold, components, coverCode],
  params: { W: 'u32', base: 'u32', count: 'u32' },
  bindings: {
    words: read('u32', 'T W 64'),
    offsets: read('i32', 'N'),
    centre: read('i32', '1 V'),
    own: read('i32', '1'),
    covered: write('u32', 'N'),
  },
  overrides: { WORKGROUP_SIZE: TILE },
  workgroups: ({ T }) => [T],
})

/**
 * The facility-location function Σ_i max_{j ∈ S} s_ij over the rows i of a bank, for a set S that grows: what
 * a row would add to it. s is the similarity of two rows, nothing below 0, in units of 1 / `COVERED`, rounded
 * down. All whole numbers, so every adapter gives the same.
 */
export class FacilityGains implements Disposable {
  /** Rows whose gains are computed at a time, at most. */
  readonly batch: number
  readonly #rows: FixedPointRows
  readonly #owned: readonly Tensor[]
  readonly #list: Tensor
  readonly #gains: Tensor
  readonly #added: Tensor
  readonly #evaluate: Recording
  readonly #cover: Recording

  /**
   * @param rows a bank with at least one row; it must not change
   * @param batch see above; rounded up to a multiple of eight
   * @param most blocks that a shard's sums come in, about. The result does not depend on it
   */
  constructor(rows: FixedPointRows, batch: number, most = BLOCKS) {
    const { gpu, offsets, shards } = rows
    const V = 2 * wordsOf(rows.dimensions)
    const M = Math.ceil(batch / SIDE) * SIDE
    const tilesOf = (count: number) => Math.ceil(count / TILE)
    const tiles = Math.min(MOST_TILES, Math.ceil(tilesOf(shards[0]!.count) / most))
    const blocks = shards.map(({ count }) => Math.ceil(tilesOf(count) / tiles))
    const covered = gpu.tensor(offsets.shape, new Uint32Array(offsets.size))
    const list = gpu.empty([M], 'u32')
    // Entries that no row was ever gathered to are computed too, and not looked at.
    const chosen = gpu.tensor([M, V], new Int32Array(M * V))
    const own = gpu.tensor([M], new Int32Array(M))
    const gains = gpu.empty([blocks.reduce((a, b) => a + b), M], 'u32')
    const added = gpu.empty([1], 'u32')
    const centre = gpu.empty([1, V], 'i32')
    const centreOwn = gpu.empty([1], 'i32')
    this.#rows = rows
    this.batch = M
    this.#list = list
    this.#gains = gains
    this.#added = added
    this.#owned = [covered, list, chosen, own, gains, added, centre, centreOwn]
    this.#evaluate = gpu.record(() => {
      rows.gather(list, chosen, own, 4)
      let block = 0
      for (const [s, { words, base, count }] of shards.entries()) {
        const tensors = { words, offsets, chosen, own, list, covered, gains }
        gpu.run(facilityGainKernel, tensors, { base, count, tiles, block })
        block += blocks[s]!
      }
    })
    this.#cover = gpu.record(() => {
      rows.gather(added, centre, centreOwn, 1)
      for (const { words, base, count } of shards) {
        gpu.run(facilityCoverKernel, { words, offsets, centre, own: centreOwn, covered }, { base, count })
      }
    })
  }

  /** What each of these rows, at most `batch`, would add to the function, in units of 1 / `COVERED`. */
  async gains(rows: readonly number[]): Promise<Float64Array> {
    const { gpu } = this.#rows
    const M = this.batch
    gpu.write(
      this.#list,
      Uint32Array.from({ length: M }, (_, m) => rows[m] ?? NO_ROW),
    )
    gpu.replay(this.#evaluate)
    const parts = await gpu.readU32(this.#gains)
    const sums = new Float64Array(rows.length)
    for (let block = 0; block < parts.length; block += M) {
      for (let m = 0; m < sums.length; m++) sums[m]! += parts[block + m]!
    }
    return sums
  }

  /** Adds a row to the set. */
  add(row: number): void {
    this.#rows.gpu.write(this.#added, Uint32Array.of(row))
    this.#rows.gpu.replay(this.#cover)
  }

  [Symbol.dispose](): void {
    this.#evaluate[Symbol.dispose]()
    this.#cover[Symbol.dispose]()
    for (const tensor of this.#owned) tensor[Symbol.dispose]()
  }
}
