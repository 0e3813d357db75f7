import type { Tensor } from '../gpu/tensor'
import { NONE } from './first-matches'
import type { HostRows } from './host-rows'

/** A row, and the similarity with it in double precision. */
export interface Match {
  readonly row: number
  readonly similarity: number
}

interface Findings {
  readonly threshold: number
  readonly bank: HostRows
  /** Rows that the bank had when the block was compared. */
  readonly bankSize: number
  /** [B, S] as `firstMatches` leaves it. */
  readonly found: Uint32Array
  /** [B] rows of the block that the mask is of, then `NONE`. */
  readonly remaining: Uint32Array
  /** [B, ceil(B / 32), 2] as `similarityMask` leaves it for earlier rows. */
  readonly mask: Uint32Array
}

/**
 * What `SimilarityBank.test` found about a block. The GPU's findings hold every pair above the threshold and
 * a few just below it; the methods decide those they meet in double precision.
 */
export class TestedBlock implements Disposable {
  /** For each row of the block its row of the mask, if it has one. */
  readonly #places: ReadonlyMap<number, number>

  /**
   * @param prepared the block's rows as `prepareRows` leaves them
   * @param rows the block's rows as given
   * @param flags a `RowFlag` for each row; what is said of rows that are not usable means nothing
   */
  constructor(
    readonly prepared: Tensor,
    readonly rows: HostRows,
    readonly flags: Uint32Array,
    private readonly findings: Findings,
  ) {
    const { remaining } = findings
    const end = remaining.indexOf(NONE)
    const listed = end < 0 ? remaining : remaining.subarray(0, end)
    this.#places = new Map(Array.from(listed, (row, place) => [row, place]))
  }

  /** The first row of the bank whose similarity with row `i` is above the threshold. */
  firstInBank(i: number): Match | null {
    const { found, bank, bankSize, threshold } = this.findings
    const S = found.length / this.flags.length
    const count = found[i * S]!
    const known = found.subarray(i * S + 1, i * S + 1 + Math.min(count, S - 1))
    for (const row of known) {
      const similarity = this.rows.similarity(i, bank, row)
      if (similarity > threshold) return { row, similarity }
    }
    if (count < S) return null
    // More than were remembered: what follows the last of those is not known.
    for (let row = known.at(-1)! + 1; row < bankSize; row++) {
      const similarity = this.rows.similarity(i, bank, row)
      if (similarity > threshold) return { row, similarity }
    }
    return null
  }

  /**
   * The first row before row `i` of the block, among those `counts` accepts, with a similarity above the
   * threshold. To be asked only of rows that have none in the bank.
   */
  firstInBlock(i: number, counts: (row: number) => boolean): Match | null {
    const { mask, threshold } = this.findings
    const place = this.#places.get(i)
    if (place === undefined) return null
    const words = Math.ceil(this.flags.length / 32)
    for (let word = 0; word * 32 < i; word++) {
      for (let bits = mask[(place * words + word) * 2]!; bits !== 0; bits &= bits - 1) {
        const row = word * 32 + 31 - Math.clz32(bits & -bits)
        if (!counts(row)) continue
        const similarity = this.rows.similarity(i, this.rows, row)
        if (similarity > threshold) return { row, similarity }
      }
    }
    return null
  }

  [Symbol.dispose](): void {
    this.prepared[Symbol.dispose]()
  }
}
