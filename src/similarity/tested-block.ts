import type { Tensor } from '../gpu/tensor'
import { NONE } from './cosine-threshold'
import type { HostRows } from './host-rows'

/** A row, and the cosine with it in double precision. */
export interface Match {
  readonly row: number
  readonly similarity: number
}

interface Findings {
  readonly threshold: number
  readonly bank: HostRows
  /** Rows that the bank had when the block was compared. */
  readonly bankSize: number
  /** [B, 3] as `cosineThreshold` leaves them; null if the bank was empty. */
  readonly matches: Uint32Array | null
  /** [B, ceil(B / 32)] as `cosineThresholdBlock` leaves it. */
  readonly mask: Uint32Array
}

/**
 * What `SimilarityBank.test` found about a block. The GPU's findings hold every pair above the threshold and
 * a few just below it; the methods decide those they meet in double precision.
 */
export class TestedBlock implements Disposable {
  /**
   * @param unit the block's rows at unit length
   * @param rows the block's rows as given
   * @param flags a `RowFlag` for each row; what is said of rows that are not `unit` means nothing
   */
  constructor(
    readonly unit: Tensor,
    readonly rows: HostRows,
    readonly flags: Uint32Array,
    private readonly findings: Findings,
  ) {}

  /** The first row of the bank whose similarity with row `i` is above the threshold. */
  firstInBank(i: number): Match | null {
    const { matches, bank, bankSize, threshold } = this.findings
    const candidate = matches?.[i * 3] ?? NONE
    // Before the candidate there is nothing; after it, nothing is known. It rarely fails to be a match.
    for (let row = candidate; row < bankSize; row++) {
      const similarity = this.rows.cosine(i, bank, row)
      if (similarity > threshold) return { row, similarity }
    }
    return null
  }

  /**
   * The row of the bank most similar to row `i`, the first of equal ones; null if the bank was empty. Where
   * several are nearer to each other than the GPU can tell, which of them depends on the adapter.
   */
  nearestInBank(i: number): Match | null {
    const { matches, bank } = this.findings
    const row = matches?.[i * 3 + 2] ?? NONE
    return row === NONE ? null : { row, similarity: this.rows.cosine(i, bank, row) }
  }

  /**
   * The first row before row `i` of the block, among those `counts` accepts, with a similarity above the
   * threshold.
   */
  firstInBlock(i: number, counts: (row: number) => boolean): Match | null {
    const { mask, threshold } = this.findings
    const words = Math.ceil(this.flags.length / 32)
    for (let word = 0; word * 32 < i; word++) {
      for (let bits = mask[i * words + word]!; bits !== 0; bits &= bits - 1) {
        const row = word * 32 + 31 - Math.clz32(bits & -bits)
        if (!counts(row)) continue
        const similarity = this.rows.cosine(i, this.rows, row)
        if (similarity > threshold) return { row, similarity }
      }
    }
    return null
  }

  [Symbol.dispose](): void {
    this.unit[Symbol.dispose]()
  }
}
