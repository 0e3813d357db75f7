import type { Edges } from '../similarity/threshold-join'
import { SelectionError } from './selection-error'

/** Each row's similar rows, in both directions, from the pairs that a join found. */
export class Neighbours {
  /** Those of row n lie from `starts[n]` to `starts[n + 1]`, in ascending order. */
  readonly starts: Uint32Array
  readonly others: Uint32Array
  readonly similarities: Float64Array

  /** @throws {SelectionError} if the pairs are not in the order that `Edges` says, or name rows that are not there */
  constructor({ from, to, similarity, flags }: Edges) {
    const count = flags.length
    for (let e = 0; e < from.length; e++) {
      const [a, b] = [from[e]!, to[e]!]
      const follows = e === 0 || to[e - 1]! < b || (to[e - 1] === b && from[e - 1]! < a)
      if (a < b && b < count && follows) continue
      throw new SelectionError(
        `LiveSelection: pair ${e} joins row ${a} to row ${b}; expected from < to < ${count}, by ascending to, then from`,
      )
    }
    this.starts = new Uint32Array(count + 1)
    for (const ends of [from, to]) for (let e = 0; e < ends.length; e++) this.starts[ends[e]! + 1]!++
    for (let n = 0; n < count; n++) this.starts[n + 1]! += this.starts[n]!
    const next = this.starts.slice()
    this.others = new Uint32Array(2 * from.length)
    this.similarities = new Float64Array(2 * from.length)
    for (let e = 0; e < from.length; e++) {
      const [a, b] = [from[e]!, to[e]!]
      this.others[next[a]!] = b
      this.similarities[next[a]!++] = similarity[e]!
      this.others[next[b]!] = a
      this.similarities[next[b]!++] = similarity[e]!
    }
  }

  /**
   * Where the first kept row stands, by rank, that is more similar to row `n` than `threshold`; -1 if there is none.
   *
   * @param rankOf each row's rank, -1 if it is not kept
   * @param inOrder whether ranks ascend with the rows, and those after `n` have none yet
   */
  firstKept(n: number, threshold: number, rankOf: Int32Array, inOrder: boolean): number {
    const { others, similarities } = this
    let best = -1
    let rank = Number.POSITIVE_INFINITY
    for (let at = this.starts[n]!, end = this.starts[n + 1]!; at < end; at++) {
      const other = others[at]!
      if (inOrder && other > n) break
      const r = rankOf[other]!
      if (r < 0 || r >= rank || !(similarities[at]! > threshold)) continue
      if (inOrder) return at
      rank = r
      best = at
    }
    return best
  }
}
