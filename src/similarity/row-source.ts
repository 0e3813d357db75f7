import type { Tensor } from '../gpu/tensor'
import { SimilarityError } from './similarity-error'

/** Rows that are read when they are needed. */
export interface RowSource {
  readonly count: number
  /** Values of a row, E. */
  readonly dimensions: number
  /** Rows `begin` to `end`: [end − begin, E] f32. Whoever calls disposes it. */
  read(begin: number, end: number, signal?: AbortSignal): Promise<Tensor>
}

/**
 * The rows of a tensor [N, E], which stays its owner's. `begin` must be a multiple of 64, as bindings need.
 *
 * @throws {SimilarityError} if it has not two axes
 */
export function tensorRows(tensor: Tensor): RowSource {
  const [count = 0, dimensions = 0] = tensor.shape
  if (tensor.shape.length !== 2 || dimensions === 0) {
    throw new SimilarityError(`rows have shape [${tensor.shape.join(', ')}], expected [N, E]`)
  }
  return { count, dimensions, read: async (begin, end) => tensor.rows(begin, end) }
}

/** @throws {SimilarityError} if what a source gave is not what it was asked for */
export function checkRead(who: string, { dimensions }: RowSource, count: number, got: Tensor): void {
  const { shape } = got
  if (shape.length === 2 && shape[0] === count && shape[1] === dimensions) return
  got[Symbol.dispose]()
  throw new SimilarityError(
    `${who}: the source gave [${shape.join(', ')}], expected [${count}, ${dimensions}]`,
  )
}
