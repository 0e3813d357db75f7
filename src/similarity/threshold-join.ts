import type { Gpu } from '../gpu/gpu'
import { EdgeList } from './edge-list'
import { cosine, type Metric } from './metric'
import { RowFlag, type Storage } from './prepare-rows'
import { RowShards, type Shard, whole } from './row-shards'
import type { RowSource } from './row-source'
import { checkThreshold } from './similarity-bank'
import { similarityMask } from './similarity-mask'

/** Pairs of rows above a threshold, each once: `from` < `to`, by ascending `to`, then by ascending `from`. */
export interface Edges {
  /** The lowest threshold above which the list is complete: the one asked for, unless there were too many. */
  readonly threshold: number
  readonly from: Uint32Array
  readonly to: Uint32Array
  /** In double precision, above `threshold`. */
  readonly similarity: Float64Array
  /** A `RowFlag` for each row. Rows that cannot be compared have no pairs. */
  readonly flags: Uint32Array
}

export interface ThresholdJoinOptions {
  /** Similarity above which two rows are a pair, within the metric's range. */
  readonly threshold: number
  readonly metric?: Metric
  readonly storage?: Storage
  /**
   * Pairs held at most, about 64 bytes each while it runs. With more, the threshold rises to the similarity of
   * the first pair that is too much, and its equals are left out with it.
   */
  readonly maxEdges?: number
  /** Rows read, and compared with others, at a time. The result does not depend on it. */
  readonly blockSize?: number
  /** Rows that one tensor holds, at most. The result does not depend on it. */
  readonly shardRows?: number
  readonly signal?: AbortSignal
  /** Called with the share of the work that is done, from 0 to 1. */
  readonly onProgress?: (fraction: number) => void
}

/** Rows that a block is compared with at a time. */
const PART = 4096
/** Of the progress, the share of reading the rows. */
const READING = 0.1

/**
 * All pairs of rows more similar than a threshold. Rows × rows never exists: the GPU compares a block with a part
 * of the rows and marks what may be above the threshold, and the host decides that in double precision.
 *
 * @throws {SimilarityError} if an option is out of its range, or the source gives other rows than it says
 * @throws the signal's reason once it is aborted
 */
export async function thresholdJoin(
  gpu: Gpu,
  rows: RowSource,
  options: ThresholdJoinOptions,
): Promise<Edges> {
  const { threshold, metric = cosine, maxEdges = 2 ** 22, blockSize = 1024, signal, onProgress } = options
  checkThreshold('thresholdJoin', threshold, metric)
  const edges = new EdgeList(threshold, whole('thresholdJoin', 'maxEdges', maxEdges))
  using all = await RowShards.load('thresholdJoin', gpu, rows, {
    ...options,
    metric,
    onProgress: fraction => onProgress?.(READING * fraction),
  })
  let pending: Promise<void> = Promise.resolve()
  try {
    for (const task of tasks(all, blockSize)) {
      signal?.throwIfAborted()
      const before = pending
      const found = compare(gpu, all, task, edges.threshold)
      pending = Promise.all([found, before]).then(([mask]) => {
        addEdges(all, task, mask, edges)
        onProgress?.(READING + (1 - READING) * (task.end / all.count) ** 2)
      })
      // One part is being compared while the host goes through the one before.
      await before
    }
    await pending
  } finally {
    await pending.catch(() => {})
  }
  const found = edges.finish(all.count)
  return { threshold: edges.threshold, ...found, flags: all.flags }
}

/** A block of rows, and a part of a shard that it is compared with. */
interface Task {
  /** Places in the block's shard of its usable rows. */
  readonly block: Uint32Array
  readonly own: Shard
  readonly part: Shard
  readonly base: number
  readonly count: number
  /** The last row of the block, and one more. */
  readonly end: number
}

function* tasks({ shards, flags }: RowShards, blockSize: number): Generator<Task> {
  for (const [s, own] of shards.entries()) {
    for (let at = 0; at < own.count; at += blockSize) {
      const end = Math.min(at + blockSize, own.count)
      const block = Uint32Array.from({ length: end - at }, (_, i) => at + i).filter(
        row => flags[own.begin + row] === RowFlag.usable,
      )
      if (block.length === 0) continue
      for (const part of shards.slice(0, s + 1)) {
        const last = part === own ? end : part.count
        for (let base = 0; base < last; base += PART) {
          yield { block, own, part, base, count: Math.min(PART, last - base), end: own.begin + end }
        }
      }
    }
  }
}

function compare(gpu: Gpu, { layout }: RowShards, task: Task, threshold: number): Promise<Uint32Array> {
  const { block, own, part, base, count } = task
  using rows = gpu.tensor([block.length], block)
  using mask = gpu.empty([block.length, Math.ceil(count / 32), 2], 'u32')
  const range = { rows: part.rows, base, count }
  const limit = layout.metric.limits(threshold, layout.width).lower
  using lower = gpu.tensor([block.length], new Float32Array(block.length).fill(limit))
  similarityMask(gpu, layout, own.rows, rows, range, lower, mask, { earlier: part === own })
  return gpu.readU32(mask)
}

/** Decides the marked pairs of a task, by ascending row of the block and then of the part. */
function addEdges({ host, flags }: RowShards, task: Task, mask: Uint32Array, edges: EdgeList): void {
  const { block, own, part, base, count } = task
  const words = Math.ceil(count / 32)
  for (const [n, place] of block.entries()) {
    const to = own.begin + place
    for (let word = 0; word < words; word++) {
      for (let bits = mask[(n * words + word) * 2]!; bits !== 0; bits &= bits - 1) {
        const from = part.begin + base + word * 32 + 31 - Math.clz32(bits & -bits)
        if (flags[from] !== RowFlag.usable) continue
        edges.add(from, to, host.similarity(from, host, to))
      }
    }
  }
}
