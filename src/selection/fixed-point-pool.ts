import type { Vectors } from '../embedding/vectors'
import { FixedPointRows } from '../similarity/fixed-point-rows'
import type { Pool, PoolItem } from './pool'
import { SelectionError } from './selection-error'
import type { Decision, SelectOptions } from './selector'
import { vectorProblem } from './vector-problem'

/** How a bank is filled. Results do not depend on it. */
export interface BankOptions {
  /** Rows embedded at a time, at most. */
  readonly blockSize?: number
  /** Rows that one tensor of the bank holds, at most. Default: what the GPU binds. */
  readonly shardRows?: number
}

const DEFAULT_BLOCK = 512

/** Items on the GPU: `items[i]` is row i of the bank. */
export interface FixedPointPool extends Disposable {
  readonly items: readonly PoolItem[]
  readonly bank: FixedPointRows
}

/** @throws {SelectionError} naming `who` if a number is out of its range */
export function checkBank(
  who: string,
  { blockSize = DEFAULT_BLOCK, shardRows = Infinity }: BankOptions,
): void {
  if (!(Number.isSafeInteger(blockSize) && blockSize > 0)) {
    throw new SelectionError(`${who}: blockSize is ${blockSize}, expected a positive whole number`)
  }
  if (!(shardRows >= 1)) throw new SelectionError(`${who}: shardRows is ${shardRows}, expected 1 or more`)
}

/** @throws {SelectionError} naming `who` if the pool has no vectors */
export function vectorsOf(who: string, { vectors }: Pool): Vectors {
  if (vectors) return vectors
  throw new SelectionError(`${who}: the pool has no vectors; it compares rows by them`)
}

/** In the order of the file, so that of two equal rows the one with the lower index comes first. */
export const byIndex = (items: readonly PoolItem[]): PoolItem[] => items.toSorted((a, b) => a.index - b.index)

/**
 * Embeds all items, and puts those that have a direction into a bank, in the order of the file. The others
 * are entered into `decided`.
 */
export async function fixedPointPool(
  who: string,
  candidates: readonly PoolItem[],
  vectors: Vectors,
  decided: Map<PoolItem, Decision>,
  { blockSize = DEFAULT_BLOCK, shardRows, signal, onProgress }: BankOptions & SelectOptions,
): Promise<FixedPointPool> {
  const order = byIndex(candidates)
  const { gpu, dimensions } = vectors
  const bank = new FixedPointRows(gpu, {
    dimensions,
    capacity: order.length,
    ...(shardRows === undefined ? {} : { shardRows }),
  })
  try {
    const items: PoolItem[] = []
    const total = order.length + decided.size
    for (let begin = 0; begin < order.length; begin += blockSize) {
      signal?.throwIfAborted()
      const block = order.slice(begin, begin + blockSize)
      const flags = bank.append(await readVectors(who, vectors, block, signal))
      for (const [i, item] of block.entries()) {
        const reason = vectorProblem(item, flags[i], vectors.problems)
        if (reason === null) items.push(item)
        else decided.set(item, { kind: 'invalid', reason })
      }
      onProgress?.({ decided: decided.size, total, kept: 0 })
    }
    return { items, bank, [Symbol.dispose]: () => bank[Symbol.dispose]() }
  } catch (error) {
    bank[Symbol.dispose]()
    throw error
  }
}

/** Vectors of a block of items, [n, E]. @throws {SelectionError} naming `who` if they have another shape */
export async function readVectors(
  who: string,
  vectors: Vectors,
  block: readonly PoolItem[],
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  using taken = await vectors.take(block, signal ? { signal } : {})
  const [n, E] = taken.shape
  if (taken.shape.length !== 2 || n !== block.length || E !== vectors.dimensions) {
    throw new SelectionError(
      `${who}: ${vectors.name} gave [${taken.shape.join(', ')}] for ${block.length} rows, expected [${block.length}, ${vectors.dimensions}]`,
    )
  }
  return await vectors.gpu.read(taken)
}
