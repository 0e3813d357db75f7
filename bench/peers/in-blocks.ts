import type { Rows } from '../selection-rows'
import { rankOrder, type SelectionSettings } from './selection-peer'

/** What a matrix library is asked to do with blocks of unit rows [B, E]. */
export interface BlockComparer {
  /**
   * For each row of the block, a number above zero if a row of the bank is more similar than the threshold; and the
   * block's rows compared with each other [B, B], again as a number above zero.
   */
  compare(block: Float32Array, size: number): Promise<{ dead: ArrayLike<number>; within: ArrayLike<number> }>
  /** Adds the rows at these places of the block that was compared last. */
  append(block: Float32Array, places: readonly number[]): void
}

/** Deita's selection, blocks of rows at a time: the way to use a library that multiplies matrices. */
export async function selectInBlocks(
  rows: Rows,
  { budget }: SelectionSettings,
  blockSize: number,
  comparer: BlockComparer,
): Promise<number[]> {
  const order = rankOrder(rows)
  const kept: number[] = []
  for (let begin = 0; begin < rows.count && kept.length < budget; begin += blockSize) {
    const taken = order.subarray(begin, begin + blockSize)
    const block = unitRows(rows, taken)
    const { dead, within } = await comparer.compare(block, taken.length)
    const fresh: number[] = []
    for (let i = 0; i < taken.length && kept.length + fresh.length < budget; i++) {
      if (dead[i]! > 0) continue
      if (!fresh.some(j => within[i * taken.length + j]! > 0)) fresh.push(i)
    }
    for (const i of fresh) kept.push(taken[i]!)
    if (fresh.length > 0) comparer.append(block, fresh)
  }
  return kept
}

function unitRows({ values, dimensions }: Rows, taken: Uint32Array): Float32Array {
  const block = new Float32Array(taken.length * dimensions)
  for (const [place, i] of taken.entries()) {
    const row = values.subarray(i * dimensions, (i + 1) * dimensions)
    let square = 0
    for (let e = 0; e < dimensions; e++) square += row[e]! * row[e]!
    const scale = 1 / Math.sqrt(square)
    for (let e = 0; e < dimensions; e++) block[place * dimensions + e] = row[e]! * scale
  }
  return block
}
