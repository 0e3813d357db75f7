import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import { similarityBand } from './cosine'
import { cosineThreshold, cosineThresholdBlock } from './cosine-threshold'
import { gatherRows } from './gather-rows'
import { HostRows } from './host-rows'
import { normalizeRows, paddedWidth, RowFlag } from './normalize-rows'
import { SimilarityError } from './similarity-error'
import { TestedBlock } from './tested-block'

export interface SimilarityBankOptions {
  /** Values of a vector, E. */
  readonly dimensions: number
  /** Cosine above which two rows count as similar, in [−1, 1]. */
  readonly threshold: number
  /** Rows that one tensor of the bank holds, at most. The result does not depend on it. */
  readonly shardRows?: number
}

/**
 * Vectors against which blocks of others are compared by cosine, on the GPU.
 *
 * What decides is `cosine` of the vectors as given, in double precision: the GPU finds the pairs that may lie
 * above the threshold, and those are computed again from copies on the host. So every adapter gives the same
 * answer.
 */
export class SimilarityBank implements Disposable {
  readonly threshold: number
  readonly #dimensions: number
  readonly #shardRows: number
  readonly #shards: { rows: Tensor; count: number }[] = []
  readonly #rows = new HostRows()

  /** @throws {SimilarityError} if an option is out of its range */
  constructor(
    private readonly gpu: Gpu,
    { dimensions, threshold, shardRows = 4096 }: SimilarityBankOptions,
  ) {
    for (const [name, value] of Object.entries({ dimensions, shardRows })) {
      if (!(Number.isSafeInteger(value) && value > 0)) {
        throw new SimilarityError(`SimilarityBank: ${name} is ${value}, expected a positive whole number`)
      }
    }
    if (!(threshold >= -1 && threshold <= 1)) {
      throw new SimilarityError(`SimilarityBank: threshold is ${threshold}, expected a cosine in [-1, 1]`)
    }
    const rowBytes = paddedWidth(dimensions) * 4
    const bindable = Math.floor(gpu.device.limits.maxStorageBufferBindingSize / rowBytes)
    this.threshold = threshold
    this.#dimensions = dimensions
    this.#shardRows = Math.max(1, Math.min(shardRows, bindable))
  }

  /** Number of vectors held. */
  get size(): number {
    return this.#rows.length
  }

  /**
   * Compares block [B, E] with the bank as it is now, and its rows with each other. The caller disposes both
   * the block and the result.
   *
   * @throws {SimilarityError} if the block's rows do not have the bank's dimensions
   */
  async test(block: Tensor): Promise<TestedBlock> {
    const [B = 0, E] = block.shape
    if (block.shape.length !== 2 || E !== this.#dimensions) {
      throw new SimilarityError(
        `SimilarityBank: a block has shape [${block.shape.join(', ')}], expected [B, ${this.#dimensions}]`,
      )
    }
    const { gpu, size } = this
    const width = paddedWidth(E)
    const lower = this.threshold - similarityBand(width)
    using flags = gpu.empty([B], 'u32')
    using matches = gpu.empty([B, 3], 'u32')
    using mask = gpu.empty([B, Math.ceil(B / 32)], 'u32')
    const unit = gpu.empty([B, width])
    try {
      normalizeRows(gpu, block, unit, flags)
      cosineThreshold(gpu, unit, this.#shards, matches, lower)
      cosineThresholdBlock(gpu, unit, mask, lower)
      const [values, flagValues, matchValues, maskValues] = await Promise.all([
        gpu.read(block),
        gpu.readU32(flags),
        size > 0 ? gpu.readU32(matches) : null,
        gpu.readU32(mask),
      ])
      const rows = new HostRows()
      for (let i = 0; i < B; i++) rows.push(values.subarray(i * E, (i + 1) * E))
      return new TestedBlock(unit, rows, flagValues, {
        threshold: this.threshold,
        bank: this.#rows,
        bankSize: size,
        matches: matchValues,
        mask: maskValues,
      })
    } catch (error) {
      unit[Symbol.dispose]()
      throw error
    }
  }

  /**
   * Adds rows of a tested block, in the order given.
   *
   * @throws {SimilarityError} if one of them has no direction
   */
  append(block: TestedBlock, rows: readonly number[]): void {
    for (const row of rows) {
      if (block.flags[row] !== RowFlag.unit) {
        throw new SimilarityError(
          `SimilarityBank: row ${row} of a block of ${block.flags.length} is zero, not finite or not there; append only rows that have a direction`,
        )
      }
    }
    for (let begin = 0; begin < rows.length; ) {
      let shard = this.#shards.at(-1)
      if (!shard || shard.count === this.#shardRows) {
        shard = { rows: this.gpu.empty([this.#shardRows, block.unit.shape[1]!]), count: 0 }
        this.#shards.push(shard)
      }
      const part = rows.slice(begin, begin + this.#shardRows - shard.count)
      using indices = this.gpu.tensor([part.length], Uint32Array.from(part))
      gatherRows(this.gpu, block.unit, indices, shard.rows, shard.count)
      for (const row of part) this.#rows.push(block.rows.row(row).slice())
      shard.count += part.length
      begin += part.length
    }
  }

  [Symbol.dispose](): void {
    for (const { rows } of this.#shards) rows[Symbol.dispose]()
    this.#shards.length = 0
  }
}
