import type { Gpu } from '../gpu/gpu'
import type { HostRows } from './host-rows'
import { cosine, LARGEST, type Metric } from './metric'
import { RowFlag, type Storage } from './prepare-rows'
import { RowShards, type Shard, whole } from './row-shards'
import type { RowSource } from './row-source'
import { SimilarityError } from './similarity-error'
import { similarityMask } from './similarity-mask'
import { MAXIMUM_OF, similarityMaxima } from './similarity-maxima'
import type { Match } from './tested-block'

export interface TopKOptions {
  readonly metric?: Metric
  readonly storage?: Storage
  /** Queries compared at a time. The result does not depend on it. */
  readonly blockSize?: number
  /** Rows that one tensor holds, at most. The result does not depend on it. */
  readonly shardRows?: number
  readonly signal?: AbortSignal
  /** Called with the share of the work that is done, from 0 to 1. */
  readonly onProgress?: (fraction: number) => void
}

/** Rows of the corpus that a block of queries is compared with at a time. */
const PART = 4096
/** Rows read at a time. */
const READ = 256

/**
 * For each query the k rows of the corpus most similar to it, exactly: by descending similarity in double
 * precision, those of equal similarity by ascending row. Fewer where the corpus has fewer that can be
 * compared, none for a query that cannot.
 *
 * Queries × corpus never exists. The GPU marks the rows that may be among the k, by what is known of the rows
 * before them, and the host decides those.
 *
 * @throws {SimilarityError} if an option is out of its range, or the two differ in their dimensions
 * @throws the signal's reason once it is aborted
 */
export async function topK(
  gpu: Gpu,
  queries: RowSource,
  corpus: RowSource,
  k: number,
  options: TopKOptions = {},
): Promise<Match[][]> {
  const { metric = cosine, blockSize = 256, signal, onProgress } = options
  whole('topK', 'k', k)
  whole('topK', 'blockSize', blockSize)
  if (queries.dimensions !== corpus.dimensions) {
    throw new SimilarityError(
      `topK: queries have ${queries.dimensions} values, those of the corpus ${corpus.dimensions}; take one embedder for both`,
    )
  }
  const load = (source: RowSource) =>
    RowShards.load('topK', gpu, source, { ...options, metric, blockSize: READ, onProgress: () => {} })
  using all = await load(corpus)
  using asked = await load(queries)
  const results: Match[][] = Array.from({ length: asked.count }, () => [])
  for (const shard of asked.shards) {
    for (let at = 0; at < shard.count; at += blockSize) {
      const end = Math.min(at + blockSize, shard.count)
      const rows = Uint32Array.from({ length: end - at }, (_, i) => at + i).filter(
        row => asked.flags[shard.begin + row] === RowFlag.usable,
      )
      if (rows.length > 0) await search(gpu, all, asked.host, { shard, rows, k, signal }, results)
      onProgress?.((shard.begin + end) / asked.count)
    }
  }
  return results
}

interface Block {
  readonly shard: Shard
  /** Places in the shard of the queries. */
  readonly rows: Uint32Array
  readonly k: number
  readonly signal: AbortSignal | undefined
}

/** Finds the rows most similar to each query of a block, part by part. */
async function search(
  gpu: Gpu,
  all: RowShards,
  queries: HostRows,
  { shard, rows, k, signal }: Block,
  results: Match[][],
): Promise<void> {
  const { layout, flags, host } = all
  const { metric, width } = layout
  const B = rows.length
  const limits = new Float32Array(B).fill(-LARGEST)
  using named = gpu.tensor([B], rows)
  for (const part of all.shards) {
    for (let base = 0; base < part.count; base += PART) {
      signal?.throwIfAborted()
      const count = Math.min(PART, part.count - base)
      const range = { rows: part.rows, base, count }
      if (part.begin + base === 0) await firstLimits(gpu, all, shard, named, range, k, limits)
      const words = Math.ceil(count / 32)
      using lower = gpu.tensor([B], limits)
      using mask = gpu.empty([B, words, 2], 'u32')
      similarityMask(gpu, layout, shard.rows, named, range, lower, mask)
      const marked = await gpu.readU32(mask)
      for (const [n, place] of rows.entries()) {
        const query = shard.begin + place
        const best = results[query]!
        for (let word = 0; word < words; word++) {
          for (let bits = marked[(n * words + word) * 2]!; bits !== 0; bits &= bits - 1) {
            const row = part.begin + base + word * 32 + 31 - Math.clz32(bits & -bits)
            if (flags[row] !== RowFlag.usable) continue
            insert(best, { row, similarity: queries.similarity(query, host, row) }, k)
          }
        }
        const last = best[k - 1]
        if (last) limits[n] = Math.max(limits[n]!, metric.limits(last.similarity, width).lower)
      }
    }
  }
}

/**
 * Limits below which no row can be among the k of a query: of the first part, the k-th largest of the maxima
 * of groups of rows. At least k rows are that similar.
 */
async function firstLimits(
  gpu: Gpu,
  { layout }: RowShards,
  { rows: x }: Shard,
  rows: Parameters<typeof similarityMaxima>[3],
  range: Parameters<typeof similarityMaxima>[4],
  k: number,
  limits: Float32Array,
): Promise<void> {
  const groups = Math.ceil(range.count / MAXIMUM_OF)
  if (groups < k) return
  using best = gpu.empty([limits.length, groups])
  similarityMaxima(gpu, layout, x, rows, range, best)
  const maxima = await gpu.read(best)
  for (let n = 0; n < limits.length; n++) {
    const sorted = maxima.subarray(n * groups, (n + 1) * groups).sort()
    limits[n] = Math.fround(layout.metric.below(sorted[groups - k]!, layout.width))
  }
}

/** Puts a match in its place among the best k. Rows come in ascending order, so equal ones go behind. */
function insert(best: Match[], match: Match, k: number): void {
  if (best.length === k && !(match.similarity > best[k - 1]!.similarity)) return
  let at = best.length
  while (at > 0 && match.similarity > best[at - 1]!.similarity) at--
  best.splice(at, 0, match)
  if (best.length > k) best.pop()
}
