import type { Problem, Row } from '../data/row'
import type { RowColumns } from './row-columns'

/**
 * Rows that are computed together. Which rows share a pass over the model may decide the last bits of their
 * numbers, so it is their place in the file alone that puts them together.
 */
export const CHUNK_ROWS = 64

/** What a place of a file holds. */
export type FileEntry =
  | { readonly kind: 'row'; readonly row: Row }
  | { readonly kind: 'problem'; readonly problem: Problem }

/** One of several parts of a file that are computed apart: chunks `index`, `index + count`, … */
export interface Shard {
  /** From 0. */
  readonly index: number
  readonly count: number
}

/** The entries of a file from `CHUNK_ROWS · chunk` on, as many as a chunk has. */
export interface Chunk<Entry extends FileEntry = FileEntry> {
  /** Place among all chunks of the file, from 0. */
  readonly chunk: number
  readonly entries: readonly Entry[]
}

/**
 * A file's entries in chunks, whole ones but for the last.
 *
 * @param first chunks before this are left out, such as those that an interrupted run has finished
 */
export async function* inChunks<Entry extends FileEntry>(
  entries: AsyncIterable<Entry> | Iterable<Entry>,
  { shard = { index: 0, count: 1 }, first = 0 }: { readonly shard?: Shard; readonly first?: number } = {},
): AsyncGenerator<Chunk<Entry>, void, undefined> {
  const isWanted = (chunk: number) => chunk >= first && chunk % shard.count === shard.index
  let chunk = 0
  let seen = 0
  let held: Entry[] = []
  for await (const entry of entries) {
    if (isWanted(chunk)) held.push(entry)
    seen++
    if (seen % CHUNK_ROWS > 0) continue
    if (held.length > 0) yield { chunk, entries: held }
    held = []
    chunk++
  }
  if (held.length > 0) yield { chunk, entries: held }
}

/** A chunk with what was computed for its rows, one object a row. */
export interface ComputedChunk<Entry extends FileEntry = FileEntry> extends Chunk<Entry> {
  readonly values: readonly Readonly<Record<string, unknown>>[]
}

export interface ChunkOptions {
  readonly shard?: Shard
  readonly first?: number
  readonly signal?: AbortSignal
  /** Called with the share of the chunk `chunk` that is done, from 0 to 1. */
  readonly onProgress?: (chunk: number, fraction: number) => void
}

/**
 * Computes columns for a file's rows, chunk by chunk. The numbers of a row are the same bits wherever the run
 * begins and however many shards there are.
 *
 * @throws the signal's reason once it is aborted
 */
export async function* computeInChunks<Entry extends FileEntry>(
  entries: AsyncIterable<Entry> | Iterable<Entry>,
  columns: RowColumns,
  { signal, onProgress, ...which }: ChunkOptions = {},
): AsyncGenerator<ComputedChunk<Entry>, void, undefined> {
  for await (const chunk of inChunks(entries, which)) {
    signal?.throwIfAborted()
    const rows = chunk.entries.flatMap(entry => (entry.kind === 'row' ? [entry.row] : []))
    const values = await columns.compute(rows, {
      ...(signal ? { signal } : {}),
      onProgress: fraction => onProgress?.(chunk.chunk, fraction),
    })
    yield { ...chunk, values }
  }
}
