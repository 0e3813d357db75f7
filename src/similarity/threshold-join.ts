import type { Gpu } from '../gpu/gpu'
import { EdgeList } from './edge-list'
import { firstMatches, NONE } from './first-matches'
import { cosine, type Metric } from './metric'
import { RowFlag, type Storage } from './prepare-rows'
import { align, RowShards, type Shard, whole } from './row-shards'
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
   * Pairs held at most, about 64 bytes each while it runs. With more, the threshold rises to the similarity
   * of the first pair that is too much, and its equals are left out with it.
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
/**
 * Of the pairs that a row has with a part, those that are listed and not looked for in the mask, and their
 * number.
 */
const FOUND = 16
/** Of the progress, the share of reading the rows. */
const READING = 0.1

/**
 * All pairs of rows more similar than a threshold. Rows × rows never exists: the GPU compares a block with a
 * part of the rows and marks what may be above the threshold, and the host decides that in double precision.
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
    for (const task of tasks(all, align(whole('thresholdJoin', 'blockSize', blockSize)))) {
      signal?.throwIfAborted()
      const before = pending
      const marked = compare(gpu, all, task, edges.threshold)
      pending = Promise.all([marked, before]).then(([pairs]) => {
        for (const [from, to] of pairs) {
          if (all.flags[from] === RowFlag.usable) edges.add(from, to, all.host.similarity(from, all.host, to))
        }
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
  readonly own: Shard
  /** Places in the shard of the block's first row, and after its last. */
  readonly at: number
  readonly until: number
  /** Places in the block of its usable rows. */
  readonly rows: Uint32Array
  readonly part: Shard
  readonly base: number
  readonly count: number
  /** The row after the block's last. */
  readonly end: number
}

function* tasks({ shards, flags }: RowShards, blockSize: number): Generator<Task> {
  for (const [s, own] of shards.entries()) {
    for (let at = 0; at < own.count; at += blockSize) {
      const until = Math.min(at + blockSize, own.count)
      const rows = Uint32Array.from({ length: until - at }, (_, i) => i).filter(
        row => flags[own.begin + at + row] === RowFlag.usable,
      )
      if (rows.length === 0) continue
      for (const part of shards.slice(0, s + 1)) {
        const last = part === own ? until : part.count
        for (let base = 0; base < last; base += PART) {
          const count = Math.min(PART, last - base)
          yield { own, at, until, rows, part, base, count, end: own.begin + until }
        }
      }
    }
  }
}

/**
 * The pairs [from, to] of a task that may be above the threshold, by ascending `to`, then by ascending
 * `from`.
 */
async function compare(
  gpu: Gpu,
  { layout }: RowShards,
  { own, at, until, rows, part, base, count }: Task,
  threshold: number,
): Promise<Iterable<readonly [number, number]>> {
  const B = until - at
  const x = own.rows.rows(at, until)
  const limit = layout.metric.limits(threshold, layout.width).lower
  using named = gpu.tensor(
    [B],
    Uint32Array.from({ length: B }, (_, n) => rows[n] ?? NONE),
  )
  using lower = gpu.tensor([B], new Float32Array(B).fill(limit))
  using mask = gpu.empty([B, Math.ceil(count / 32), 2], 'u32')
  using found = gpu.zeros([B, FOUND], 'u32')
  using gone = gpu.zeros([B], 'u32')
  const within = part === own ? { within: at } : {}
  similarityMask(gpu, layout, x, named, { rows: part.rows, base, count }, lower, mask, within)
  firstMatches(gpu, named, mask, found, gone, base)
  const listed = await gpu.readU32(found)
  const isWhole = rows.every(row => listed[row * FOUND]! < FOUND)
  const [to, from] = [own.begin + at, part.begin]
  if (isWhole) return listedPairs(rows, listed, to, from)
  return markedPairs(rows, await gpu.readU32(mask), mask.shape[1]!, to, from + base)
}

function* listedPairs(rows: Uint32Array, listed: Uint32Array, to: number, from: number) {
  for (const row of rows) {
    for (let n = 1; n <= listed[row * FOUND]!; n++) yield [from + listed[row * FOUND + n]!, to + row] as const
  }
}

function* markedPairs(rows: Uint32Array, mask: Uint32Array, words: number, to: number, from: number) {
  for (const [n, row] of rows.entries()) {
    for (let word = 0; word < words; word++) {
      for (let bits = mask[(n * words + word) * 2]!; bits !== 0; bits &= bits - 1) {
        yield [from + word * 32 + 31 - Math.clz32(bits & -bits), to + row] as const
      }
    }
  }
}
