import code from '#shaders/fixed-point-rows.wgsl?raw'
import components from '#shaders/lib/components.wgsl?raw'
import fold from '#shaders/lib/fold.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { RowFlag } from './prepare-rows'
import { SimilarityError } from './similarity-error'

/** Length to which rows are scaled before their components are rounded to whole numbers. */
export const LENGTH = 32000
/** What the similarity of equal rows is: twice the square of their length. */
export const ONE = 2 * LENGTH ** 2
/** In place of a row's number in a list: there is none. */
export const NO_ROW = 0xffffffff
/** Rows that lie side by side in a bank, so that neighbouring invocations read neighbouring words. */
export const TILE = 64
/** So many roundings of half a unit cannot make a squared distance exceed 32 bits. */
const MAX_DIMENSIONS = 2 ** 18
const WORKGROUP_SIZE = 64

export const fixedPointRowsKernel = defineKernel({
  name: 'fixed-point-rows',
  code: [fold, components, code],
  params: { M: 'u32', W: 'u32', L: 'u32', base: 'u32', count: 'u32' },
  bindings: {
    words: read('u32', 'T W 64'),
    offsets: read('i32', 'N'),
    list: read('u32', 'M'),
    rows: write('i32', 'M V'),
    own: write('i32', 'M'),
  },
  overrides: { WORKGROUP_SIZE },
  workgroups: ({ M, W }) => [Math.ceil((M * W) / WORKGROUP_SIZE)],
})

/**
 * Scales a row to LENGTH and rounds its components, halves upwards: 32000 · x / ‖x‖ in double precision. What
 * has no direction (`RowFlag`) leaves `into` as it is.
 */
export function roundRow(x: Float32Array, into: Int16Array): number {
  let square = 0
  let largest = 0
  for (let e = 0; e < x.length; e++) {
    square += x[e]! * x[e]!
    largest = Math.max(largest, Math.abs(x[e]!))
  }
  if (!Number.isFinite(square)) return RowFlag.notFinite
  if (largest < 2 ** -100) return RowFlag.zero
  const norm = Math.sqrt(square)
  for (let e = 0; e < x.length; e++) into[e] = Math.round((LENGTH * x[e]!) / norm)
  return RowFlag.usable
}

/** Words that a rounded row of `dimensions` takes: two components each. */
export const wordsOf = (dimensions: number): number => Math.ceil(dimensions / 2)

/** ONE / 2 − the row's squared length: similarities are these of both rows and twice their product. */
export function offsetOf(row: Int16Array): number {
  let offset = ONE / 2
  for (let e = 0; e < row.length; e++) offset -= row[e]! * row[e]!
  return offset
}

/** Part of a bank: rows `base` up to `base` + `count`, as words [T, W, 64] of tiles of 64 rows. */
export interface FixedPointShard {
  readonly words: Tensor
  readonly base: number
  readonly count: number
}

export interface FixedPointRowsOptions {
  /** Values of a vector, E. */
  readonly dimensions: number
  /** Rows that it has room for. */
  readonly capacity: number
  /** Rows that one tensor holds, at most, rounded up to 64. The result does not depend on it. */
  readonly shardRows?: number
}

/**
 * A bank of vectors on the GPU in whole numbers, so that every adapter computes the same similarities.
 *
 * A vector is scaled to the length 32000 and rounded (`roundRow`). The similarity of two such rows is 2 ·
 * 32000² − ‖a − b‖²; divided by `ONE` it is their cosine but for the rounding, and exactly 1 for equal rows.
 * By Cauchy and Schwarz every sum on the way fits 32 bits. With E values and the distance d of the unit
 * vectors, the cosine is off by d √E / 32000 + E / (2 · 32000²) at most, if all roundings conspire; they do
 * not, and then it is by about d / 80,000 (one standard deviation) and E / (12 · 32000²).
 */
export class FixedPointRows implements Disposable {
  readonly dimensions: number
  /** `offsetOf` each row, i32. */
  readonly offsets: Tensor
  readonly #capacity: number
  readonly #shardTiles: number
  readonly #shards: { words: Tensor; base: number; count: number }[] = []
  /** The last tile, words [W, 64], and its offsets. */
  readonly #tile: Uint32Array
  readonly #tileOffsets = new Int32Array(TILE)
  readonly #rounded: Int16Array
  #size = 0

  /** @throws {SimilarityError} if an option is out of its range */
  constructor(
    readonly gpu: Gpu,
    { dimensions, capacity, shardRows = Infinity }: FixedPointRowsOptions,
  ) {
    if (!(Number.isSafeInteger(dimensions) && dimensions > 0 && dimensions <= MAX_DIMENSIONS)) {
      throw new SimilarityError(
        `FixedPointRows: dimensions is ${dimensions}, expected a whole number from 1 to ${MAX_DIMENSIONS}`,
      )
    }
    if (!(shardRows >= 1)) {
      throw new SimilarityError(`FixedPointRows: shardRows is ${shardRows}, expected 1 or more`)
    }
    const tileWords = wordsOf(dimensions) * TILE
    const bindable = Math.floor(gpu.device.limits.maxStorageBufferBindingSize / (4 * tileWords))
    this.dimensions = dimensions
    this.#capacity = capacity
    this.#shardTiles = Math.max(1, Math.min(Math.ceil(shardRows / TILE), bindable))
    this.#tile = new Uint32Array(tileWords)
    this.#rounded = new Int16Array(2 * wordsOf(dimensions))
    this.offsets = gpu.empty([Math.max(1, Math.ceil(capacity / TILE)) * TILE], 'i32')
  }

  /** Number of rows held. */
  get size(): number {
    return this.#size
  }

  get shards(): readonly FixedPointShard[] {
    return this.#shards.filter(({ count }) => count > 0)
  }

  /**
   * Adds the rows of `values` [n, E] that have a direction, in order. Gives a `RowFlag` for each of the n.
   *
   * @throws {SimilarityError} if they are more than there is room for
   */
  append(values: Float32Array): Uint32Array {
    const { dimensions: E } = this
    const flags = new Uint32Array(values.length / E)
    for (let i = 0; i < flags.length; i++) {
      flags[i] = roundRow(values.subarray(i * E, (i + 1) * E), this.#rounded)
      if (flags[i] !== RowFlag.usable) continue
      if (this.#size === this.#capacity) {
        throw new SimilarityError(`FixedPointRows: there is room for ${this.#capacity} rows, and more come`)
      }
      this.#place(this.#size % TILE)
      if (++this.#size % TILE === 0) this.#upload()
    }
    if (this.#size % TILE !== 0) this.#upload()
    return flags
  }

  /** Forgets all rows, and keeps the memory for others. */
  clear(): void {
    this.#size = 0
    for (const shard of this.#shards) shard.count = 0
  }

  /**
   * Copies rows to where all invocations read them: entry m of `rows` [M, V] and `own` [M] ← the components
   * of row `list[m]` and its offset, V = 2W. Entries of `NO_ROW` stay as they are. Groups of `side` entries
   * have their components side by side: [M / side, V, side].
   */
  gather(list: Tensor, rows: Tensor, own: Tensor, side: 1 | 4): void {
    for (const { words, base, count } of this.shards) {
      const tensors = { words, offsets: this.offsets, list, rows, own }
      this.gpu.run(fixedPointRowsKernel, tensors, { L: side, base, count })
    }
  }

  [Symbol.dispose](): void {
    this.offsets[Symbol.dispose]()
    for (const { words } of this.#shards) words[Symbol.dispose]()
    this.#shards.length = 0
  }

  #place(lane: number): void {
    for (let w = 0; w < this.#tile.length / TILE; w++) {
      const [low, high] = [this.#rounded[2 * w]!, this.#rounded[2 * w + 1]!]
      this.#tile[w * TILE + lane] = (low & 0xffff) | (high << 16)
    }
    this.#tileOffsets[lane] = offsetOf(this.#rounded)
  }

  /** Writes the tile that the last row is in. */
  #upload(): void {
    const tile = Math.ceil(this.#size / TILE) - 1
    const s = Math.floor(tile / this.#shardTiles)
    const first = s * this.#shardTiles
    this.#shards[s] ??= { words: this.#shard(first), base: first * TILE, count: 0 }
    const shard = this.#shards[s]!
    this.gpu.write(shard.words.rows(tile - first, tile - first + 1), this.#tile)
    this.gpu.write(this.offsets.rows(tile * TILE, (tile + 1) * TILE), this.#tileOffsets)
    shard.count = this.#size - shard.base
  }

  /** Memory for the shard that begins with this tile: no more than what is to come. */
  #shard(first: number): Tensor {
    const tiles = Math.min(this.#shardTiles, Math.ceil(this.#capacity / TILE) - first)
    return this.gpu.empty([tiles, this.#tile.length / TILE, TILE], 'u32')
  }
}
