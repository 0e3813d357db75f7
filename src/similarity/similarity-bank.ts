import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import { firstMatches, remainingRows } from './first-matches'
import { gatherRows } from './gather-rows'
import { HostRows } from './host-rows'
import { cosine, type Limits, type Metric } from './metric'
import { prepareRows, RowFlag, type RowLayout, rowLayout } from './prepare-rows'
import { SimilarityError } from './similarity-error'
import { similarityMask } from './similarity-mask'
import { TestedBlock } from './tested-block'

export interface SimilarityBankOptions {
  /** Values of a vector, E. */
  readonly dimensions: number
  /** Similarity above which two rows count as similar, within the metric's range. */
  readonly threshold: number
  readonly metric?: Metric
  /** Rows that one tensor of the bank holds, at most. The result does not depend on it. */
  readonly shardRows?: number
}

/**
 * Rows of the bank that a block is compared with at a time. Rows of the block that found their match take no
 * part in what follows.
 */
const PART = 2048
/** Matches that are remembered for each row of a block, and their number. */
const FOUND = 8

/**
 * Vectors against which blocks of others are compared, on the GPU.
 *
 * What decides is the metric's `similarity` of the vectors as given, in double precision: the GPU finds the
 * pairs that may lie above the threshold, and those are computed again from copies on the host. So every
 * adapter gives the same answer.
 */
export class SimilarityBank implements Disposable {
  readonly threshold: number
  readonly #layout: RowLayout
  readonly #limits: Limits
  readonly #shardRows: number
  readonly #shards: { rows: Tensor; count: number }[] = []
  readonly #rows: HostRows

  /** @throws {SimilarityError} if an option is out of its range */
  constructor(
    private readonly gpu: Gpu,
    { dimensions, threshold, metric = cosine, shardRows = 4096 }: SimilarityBankOptions,
  ) {
    for (const [name, value] of Object.entries({ dimensions, shardRows })) {
      if (!(Number.isSafeInteger(value) && value > 0)) {
        throw new SimilarityError(`SimilarityBank: ${name} is ${value}, expected a positive whole number`)
      }
    }
    checkThreshold('SimilarityBank', threshold, metric)
    const layout = rowLayout(dimensions, metric, 'f32')
    const bindable = Math.floor(gpu.device.limits.maxStorageBufferBindingSize / (layout.words * 4))
    this.threshold = threshold
    this.#layout = layout
    this.#limits = metric.limits(threshold, layout.width)
    this.#shardRows = Math.max(1, Math.min(shardRows, bindable))
    this.#rows = new HostRows(metric)
  }

  /** Number of vectors held. */
  get size(): number {
    return this.#rows.length
  }

  /**
   * Compares block [B, E] with the bank as it is now, and those of its rows that are like none of the bank
   * with each other. The caller disposes both the block and the result.
   *
   * @throws {SimilarityError} if the block's rows do not have the bank's dimensions
   */
  async test(block: Tensor): Promise<TestedBlock> {
    const [B = 0, E] = block.shape
    const { dimensions, metric, words } = this.#layout
    if (block.shape.length !== 2 || E !== dimensions) {
      throw new SimilarityError(
        `SimilarityBank: a block has shape [${block.shape.join(', ')}], expected [B, ${dimensions}]`,
      )
    }
    const { gpu, size } = this
    using flags = gpu.empty([B], 'u32')
    using gone = gpu.empty([B], 'u32')
    using remaining = gpu.empty([B], 'u32')
    using lower = gpu.tensor([B], new Float32Array(B).fill(this.#limits.lower))
    using found = gpu.zeros([B, FOUND], 'u32')
    using mask = gpu.empty([B, Math.ceil(B / 32), 2], 'u32')
    const prepared = gpu.empty([B, words], 'u32')
    try {
      prepareRows(gpu, this.#layout, block, prepared, flags)
      gpu.copy(flags, gone)
      remainingRows(gpu, gone, remaining)
      this.#search(prepared, remaining, lower, found, gone)
      const whole = { rows: prepared, base: 0, count: B }
      similarityMask(gpu, this.#layout, prepared, remaining, whole, lower, mask, { within: 0 })
      const [values, flagValues, foundValues, remainingValues, maskValues] = await Promise.all([
        gpu.read(block),
        gpu.readU32(flags),
        gpu.readU32(found),
        gpu.readU32(remaining),
        gpu.readU32(mask),
      ])
      const rows = new HostRows(metric)
      for (let i = 0; i < B; i++) rows.push(values.subarray(i * E, (i + 1) * E))
      return new TestedBlock(prepared, rows, flagValues, {
        threshold: this.threshold,
        bank: this.#rows,
        bankSize: size,
        found: foundValues,
        remaining: remainingValues,
        mask: maskValues,
      })
    } catch (error) {
      prepared[Symbol.dispose]()
      throw error
    }
  }

  /** Looks for the first match in the bank of each row that remains; those that have one remain no longer. */
  #search(prepared: Tensor, remaining: Tensor, lower: Tensor, found: Tensor, gone: Tensor): void {
    const { gpu } = this
    const { upper } = this.#limits
    const B = prepared.shape[0]!
    let before = 0
    for (const { rows, count } of this.#shards) {
      for (let base = 0; base < count; base += PART) {
        const range = { rows, base, count: Math.min(PART, count - base) }
        using mask = gpu.empty([B, Math.ceil(range.count / 32), 2], 'u32')
        similarityMask(gpu, this.#layout, prepared, remaining, range, lower, mask, { upper })
        firstMatches(gpu, remaining, mask, found, gone, before + base)
        remainingRows(gpu, gone, remaining)
      }
      before += count
    }
  }

  /**
   * Adds rows of a tested block, in the order given.
   *
   * @throws {SimilarityError} if one of them cannot be compared
   */
  append(block: TestedBlock, rows: readonly number[]): void {
    for (const row of rows) {
      if (block.flags[row] !== RowFlag.usable) {
        throw new SimilarityError(
          `SimilarityBank: row ${row} of a block of ${block.flags.length} is zero, not finite or not there; append only rows that can be compared`,
        )
      }
    }
    for (let begin = 0; begin < rows.length; ) {
      let shard = this.#shards.at(-1)
      if (!shard || shard.count === this.#shardRows) {
        shard = { rows: this.gpu.empty([this.#shardRows, this.#layout.words], 'u32'), count: 0 }
        this.#shards.push(shard)
      }
      const part = rows.slice(begin, begin + this.#shardRows - shard.count)
      using indices = this.gpu.tensor([part.length], Uint32Array.from(part))
      gatherRows(this.gpu, block.prepared, indices, shard.rows, shard.count)
      for (const row of part) this.#rows.take(block.rows, row)
      shard.count += part.length
      begin += part.length
    }
  }

  [Symbol.dispose](): void {
    for (const { rows } of this.#shards) rows[Symbol.dispose]()
    this.#shards.length = 0
  }
}

/** @throws {SimilarityError} if no similarity can be compared with the threshold */
export function checkThreshold(who: string, threshold: number, { name, range }: Metric): void {
  const [least, most] = range
  if (Number.isFinite(threshold) && threshold >= least && threshold <= most) return
  const wanted =
    most === Number.POSITIVE_INFINITY
      ? 'a finite number'
      : least === Number.NEGATIVE_INFINITY
        ? `at most ${most}: distances count negatively`
        : `a similarity in [${least}, ${most}]`
  throw new SimilarityError(`${who}: threshold is ${threshold}, expected for ${name} ${wanted}`)
}
