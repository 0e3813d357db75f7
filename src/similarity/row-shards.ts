import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import { HostRows } from './host-rows'
import type { Metric } from './metric'
import { prepareRows, type RowLayout, rowLayout, type Storage } from './prepare-rows'
import { roundToHalf } from './round-to-half'
import { checkRead, type RowSource } from './row-source'
import { SimilarityError } from './similarity-error'

export interface RowShardsOptions {
  readonly metric: Metric
  readonly storage?: Storage
  /** Rows read at a time. */
  readonly blockSize?: number
  /** Rows that one tensor holds, at most. */
  readonly shardRows?: number
  readonly signal?: AbortSignal
  /** Called with the share of the rows that were read, from 0 to 1. */
  readonly onProgress?: (fraction: number) => void
}

/** Rows of one tensor: `count` of them, the first of which is row `begin` of all. */
export interface Shard {
  readonly rows: Tensor
  readonly begin: number
  readonly count: number
}

/** Parts of tensors begin at 256 bytes, and 64 rows of whole words do. */
const ALIGNED = 64
/** That many rows or a few more, so that what follows them begins at 256 bytes. */
export const align = (rows: number) => Math.ceil(rows / ALIGNED) * ALIGNED

/**
 * All rows of a source: on the GPU in as many tensors as bindings ask for, and on the host as they decide.
 */
export class RowShards implements Disposable {
  readonly shards: Shard[] = []
  readonly host: HostRows
  /** A `RowFlag` for each row. */
  readonly flags: Uint32Array

  private constructor(
    readonly layout: RowLayout,
    readonly count: number,
  ) {
    this.host = new HostRows(layout.metric)
    this.flags = new Uint32Array(count)
  }

  /**
   * Reads all rows.
   *
   * @throws {SimilarityError} if the source gives other rows than it says
   * @throws the signal's reason once it is aborted
   */
  static async load(who: string, gpu: Gpu, source: RowSource, options: RowShardsOptions): Promise<RowShards> {
    const { metric, storage = 'f32', signal, onProgress } = options
    const layout = rowLayout(source.dimensions, metric, storage)
    const blockSize = align(whole(who, 'blockSize', options.blockSize ?? 1024))
    const bindable = gpu.device.limits.maxStorageBufferBindingSize / (layout.words * 4)
    const wanted = align(whole(who, 'shardRows', options.shardRows ?? Number.MAX_SAFE_INTEGER - ALIGNED))
    const shardRows = Math.min(wanted, Math.floor(bindable / ALIGNED) * ALIGNED)
    if (shardRows === 0) {
      throw new SimilarityError(
        `${who}: ${ALIGNED} rows of ${source.dimensions} values take ${ALIGNED * layout.words * 4} bytes, and the GPU binds at most ${gpu.device.limits.maxStorageBufferBindingSize}; take shorter vectors`,
      )
    }
    const loaded = new RowShards(layout, source.count)
    try {
      for (let shard = 0; shard < source.count; shard += shardRows) {
        const count = Math.min(shardRows, source.count - shard)
        const rows = gpu.empty([count, layout.words], 'u32')
        loaded.shards.push({ rows, begin: shard, count })
        for (let at = 0; at < count; at += blockSize) {
          signal?.throwIfAborted()
          const end = Math.min(at + blockSize, count)
          using block = await source.read(shard + at, shard + end, signal)
          checkRead(who, source, end - at, block)
          await loaded.#add(gpu, storage, block, rows.rows(at, end), shard + at)
          onProgress?.((shard + end) / source.count)
        }
      }
      return loaded
    } catch (error) {
      loaded[Symbol.dispose]()
      throw error
    }
  }

  async #add(gpu: Gpu, storage: Storage, block: Tensor, rows: Tensor, begin: number): Promise<void> {
    const { layout } = this
    const E = layout.dimensions
    const N = block.shape[0]!
    using flags = gpu.empty([N], 'u32')
    let values: Float32Array
    let flagValues: Uint32Array
    if (storage === 'f16') {
      values = await gpu.read(block)
      roundToHalf(values)
      using rounded = gpu.tensor([N, E], values)
      prepareRows(gpu, layout, rounded, rows, flags)
      flagValues = await gpu.readU32(flags)
    } else {
      prepareRows(gpu, layout, block, rows, flags)
      ;[values, flagValues] = await Promise.all([gpu.read(block), gpu.readU32(flags)])
    }
    for (let i = 0; i < N; i++) this.host.push(values.subarray(i * E, (i + 1) * E))
    this.flags.set(flagValues, begin)
  }

  [Symbol.dispose](): void {
    for (const { rows } of this.shards) rows[Symbol.dispose]()
    this.shards.length = 0
  }
}

/** @throws {SimilarityError} if the option is no positive whole number */
export function whole(who: string, name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new SimilarityError(`${who}: ${name} is ${value}, expected a positive whole number`)
}
