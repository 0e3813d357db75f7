import pickCode from '#shaders/farthest-row-pick.wgsl?raw'
import updateCode from '#shaders/farthest-row-update.wgsl?raw'
import components from '#shaders/lib/components.wgsl?raw'
import fold from '#shaders/lib/fold.wgsl?raw'
import highProduct from '#shaders/lib/high-product.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Recording } from '../gpu/recording'
import type { Tensor } from '../gpu/tensor'
import { type FixedPointRows, NO_ROW, TILE, wordsOf } from './fixed-point-rows'

/** A distance for rows that nothing was compared with yet: more than any other. */
const FAR = 0xfffffffe
/** In place of a distance: the row was picked. */
const TAKEN = 0xffffffff
const PICK_SIZE = 128
/**
 * Picks read at a time, at most, and words that these may go through: so signals and progress are not late.
 */
const MOST_PICKS = 64
const WORDS_A_READ = 2 ** 28

export const farthestRowUpdateKernel = defineKernel({
  name: 'farthest-row-update',
  code: [fold, components, highProduct, updateCode],
  params: { W: 'u32', base: 'u32', count: 'u32', whole: 'u32', weight: 'u32' },
  bindings: {
    words: read('u32', 'T W 64'),
    offsets: read('i32', 'N'),
    centre: read('i32', '1 V'),
    own: read('i32', '1'),
    bonus: read('u32', 'N'),
    near: write('u32', 'N'),
    best: write('u32', 'G 3'),
  },
  overrides: { WORKGROUP_SIZE: TILE },
  workgroups: ({ T }) => [T],
})

export const farthestRowPickKernel = defineKernel({
  name: 'farthest-row-pick',
  code: [pickCode],
  params: { G: 'u32', P: 'u32' },
  bindings: {
    best: read('u32', 'G 3'),
    slot: write('u32', '1'),
    picked: write('u32', '1'),
    picks: write('u32', 'P 2'),
    near: write('u32', 'N'),
  },
  overrides: { WORKGROUP_SIZE: PICK_SIZE },
  workgroups: () => [1],
})

export interface FarthestRowsOptions {
  /** Row that was picked before the others. */
  readonly first: number
  /** What the squared distance counts: from 0 to 1, in steps of 2⁻³². */
  readonly weight?: number
  /**
   * What is added to it for each row: whole numbers, as `squared` below. No sum with a weighted squared
   * distance may reach 2³². Default: nothing.
   */
  readonly bonus?: Uint32Array
}

export interface PickedRow {
  readonly row: number
  /**
   * Its squared distance from the nearest row picked before, in whole numbers: 2 · 32000² times 1 − cosine.
   */
  readonly squared: number
}

/**
 * Picks rows of a bank one after the other: always the one with the largest `bonus` + `weight` · (squared
 * distance from the nearest picked row), the product rounded down; the first of equal ones. Whole numbers, so
 * every adapter picks the same rows. Picks are chained on the GPU: each finds there which row the one before
 * took.
 */
export class FarthestRows implements Disposable {
  readonly #rows: FixedPointRows
  readonly #owned: readonly Tensor[]
  readonly #picks: Tensor
  readonly #step: Recording
  /** The slot of `picks` that the next pick fills. */
  #slot = 0
  #left: number

  /** @param rows a bank with at least one row; it must not change */
  constructor(rows: FixedPointRows, { first, weight = 1, bonus }: FarthestRowsOptions) {
    const { gpu, size, offsets } = rows
    const [N = 0] = offsets.shape
    const V = 2 * wordsOf(rows.dimensions)
    const perRead = Math.floor(WORDS_A_READ / (size * wordsOf(rows.dimensions)))
    const near = gpu.tensor([N], new Uint32Array(N).fill(FAR).fill(TAKEN, first, first + 1))
    const bonuses = gpu.tensor([N], new Uint32Array(N))
    if (bonus) gpu.write(bonuses, bonus)
    const best = gpu.empty([Math.ceil(size / TILE), 3], 'u32')
    const slot = gpu.zeros([1], 'u32')
    const picked = gpu.tensor([1], Uint32Array.of(first))
    const picks = gpu.empty([Math.max(1, Math.min(MOST_PICKS, perRead)), 2], 'u32')
    const centre = gpu.empty([1, V], 'i32')
    const own = gpu.empty([1], 'i32')
    const fixed = Math.round(weight * 2 ** 32)
    const factors = { whole: Math.floor(fixed / 2 ** 32), weight: fixed % 2 ** 32 }
    this.#rows = rows
    this.#picks = picks
    this.#owned = [near, bonuses, best, slot, picked, picks, centre, own]
    this.#left = size - 1
    this.#step = gpu.record(() => {
      rows.gather(picked, centre, own, 1)
      for (const { words, base, count } of rows.shards) {
        const tensors = { words, offsets, centre, own, bonus: bonuses, near, best }
        gpu.run(farthestRowUpdateKernel, tensors, { base, count, ...factors })
      }
      gpu.run(farthestRowPickKernel, { best, slot, picked, picks, near }, {})
    })
  }

  /** The next picks, at most `count`, and as many as are read at a time; none when all rows are picked. */
  async next(count: number): Promise<PickedRow[]> {
    const { gpu } = this.#rows
    const [P = 0] = this.#picks.shape
    const steps = Math.min(count, P - this.#slot, this.#left)
    if (steps <= 0) return []
    for (let i = 0; i < steps; i++) gpu.replay(this.#step)
    const begin = this.#slot
    this.#slot = (begin + steps) % P
    this.#left -= steps
    const found = await gpu.readU32(this.#picks)
    return Array.from({ length: steps }, (_, i) => ({
      row: found[2 * (begin + i)]!,
      squared: found[2 * (begin + i) + 1]!,
    })).filter(({ row }) => row !== NO_ROW)
  }

  [Symbol.dispose](): void {
    this.#step[Symbol.dispose]()
    for (const tensor of this.#owned) tensor[Symbol.dispose]()
  }
}
