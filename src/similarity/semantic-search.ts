import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import type { RowSource } from './row-source'
import { SimilarityError } from './similarity-error'
import type { Match } from './tested-block'
import { type TopKOptions, topK } from './top-k'

export interface SemanticSearchOptions extends TopKOptions {
  /** One vector a text, in order: [N, E] f32, such as an embedder's `embed`. What it gives is disposed. */
  readonly embed: (texts: readonly string[], options: { signal?: AbortSignal }) => Promise<Tensor>
  /** Texts found for a query, at most. */
  readonly k?: number
}

/**
 * For each query the texts most like it, best first: `row` is a text's place. See `topK`.
 *
 * @throws {SimilarityError} if an option is out of its range, or the embedder gives anything but a vector a text
 * @throws the signal's reason once it is aborted
 */
export async function semanticSearch(
  gpu: Gpu,
  queries: readonly string[],
  texts: readonly string[],
  { embed, k = 10, ...options }: SemanticSearchOptions,
): Promise<Match[][]> {
  if (queries.length === 0 || texts.length === 0) return queries.map(() => [])
  const using = (signal: AbortSignal | undefined) => (signal ? { signal } : {})
  // One text tells how long vectors are, before any tensor is made for them.
  const [, dimensions = 0, ...more] = await shapeOf(embed(texts.slice(0, 1), using(options.signal)))
  if (dimensions === 0 || more.length > 0) {
    throw new SimilarityError('semanticSearch: the embedder gave no [1, E] for a text')
  }
  const source = (all: readonly string[]): RowSource => ({
    count: all.length,
    dimensions,
    read: (begin, end, signal) => embed(all.slice(begin, end), using(signal)),
  })
  return topK(gpu, source(queries), source(texts), k, options)
}

async function shapeOf(tensor: Promise<Tensor>): Promise<readonly number[]> {
  using it = await tensor
  return it.shape
}
