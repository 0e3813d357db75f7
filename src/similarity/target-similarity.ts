import components from '#shaders/lib/components.wgsl?raw'
import code from '#shaders/target-similarity.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { FixedPointRows, TILE, wordsOf } from './fixed-point-rows'
import { RowFlag } from './prepare-rows'
import { SimilarityError } from './similarity-error'

/** Targets that one invocation of the kernel handles. */
const SIDE = 4
/** Results read at a time, about: so many are kept in buffers that are used again. */
const MOST_RESULTS = 2 ** 18
const MOST_ROWS = 4096

export const targetSimilarityKernel = defineKernel({
  name: 'target-similarity',
  code: [components, code],
  params: { N: 'u32', W: 'u32', base: 'u32', count: 'u32' },
  bindings: {
    words: read('u32', 'T W 64'),
    offsets: read('i32', 'N'),
    targets: read('vec4i', 'Q V'),
    own: read('i32', 'Q'),
    s: write('i32', 'Q N'),
  },
  overrides: { WORKGROUP_SIZE: TILE },
  workgroups: ({ T, Q }) => [T, Q / SIDE],
})

/**
 * Similarities of rows with a few targets, in the whole numbers of `FixedPointRows`, so that every adapter
 * computes the same. Rows come in blocks and are forgotten.
 */
export class TargetSimilarity implements Disposable {
  /** Rows of a block, at most. */
  readonly blockRows: number
  readonly #gpu: Gpu
  readonly #count: number
  readonly #rows: FixedPointRows
  readonly #targets: Tensor
  readonly #own: Tensor
  readonly #results: Tensor

  /**
   * @param targets [Q, E]
   * @param blockRows see above. The result does not depend on it. Default: what is read quickly
   * @throws {SimilarityError} if there is no target, or one has no direction
   */
  constructor(gpu: Gpu, targets: Float32Array, dimensions: number, blockRows = MOST_ROWS) {
    const count = targets.length / dimensions
    if (count === 0) throw new SimilarityError('TargetSimilarity: there is no target')
    const Q = Math.ceil(count / SIDE) * SIDE
    this.blockRows = Math.max(1, Math.min(blockRows, MOST_ROWS, Math.floor(MOST_RESULTS / Q)))
    this.#gpu = gpu
    this.#count = count
    this.#targets = gpu.tensor([Q, 2 * wordsOf(dimensions)], new Int32Array(Q * 2 * wordsOf(dimensions)))
    this.#own = gpu.tensor([Q], new Int32Array(Q))
    {
      using bank = new FixedPointRows(gpu, { dimensions, capacity: count })
      const flag = bank.append(targets).findIndex(flag => flag !== RowFlag.usable)
      if (flag !== -1) throw new SimilarityError(`TargetSimilarity: target ${flag} is zero or not finite`)
      using list = gpu.tensor(
        [Q],
        Uint32Array.from({ length: Q }, (_, q) => q),
      )
      bank.gather(list, this.#targets, this.#own, SIDE)
    }
    this.#rows = new FixedPointRows(gpu, { dimensions, capacity: this.blockRows })
    this.#results = gpu.empty([Q, this.#rows.offsets.size], 'i32')
  }

  /**
   * Compares a block [n, E] with the targets: a `RowFlag` for each row, and the similarities [Q, m] of the m
   * rows that have a direction, in order.
   */
  async compare(values: Float32Array): Promise<{ flags: Uint32Array; similarities: Int32Array }> {
    const [rows, results] = [this.#rows, this.#results]
    rows.clear()
    const flags = rows.append(values)
    for (const { words, base, count } of rows.shards) {
      const tensors = { words, offsets: rows.offsets, targets: this.#targets, own: this.#own, s: results }
      this.#gpu.run(targetSimilarityKernel, tensors, { base, count })
    }
    const N = rows.offsets.size
    const m = rows.size
    const similarities = new Int32Array(this.#count * m)
    if (m === 0) return { flags, similarities }
    const all = new Int32Array((await this.#gpu.readU32(results)).buffer)
    for (let q = 0; q < this.#count; q++) similarities.set(all.subarray(q * N, q * N + m), q * m)
    return { flags, similarities }
  }

  [Symbol.dispose](): void {
    this.#rows[Symbol.dispose]()
    for (const tensor of [this.#targets, this.#own, this.#results]) tensor[Symbol.dispose]()
  }
}
