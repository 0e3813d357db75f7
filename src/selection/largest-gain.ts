import type { FacilityGains } from '../similarity/facility-gain'

/** Reads under way at once: so many buffers are kept for them. */
const AT_ONCE = 3

/**
 * Finds the row that adds most to a set that grows. A row adds the less the larger the set is, so what it
 * added to an earlier one is a bound, and rows whose bound is below the best need not be computed (Minoux
 * 1978).
 */
export class LargestGain {
  readonly #bounds: Float64Array

  /**
   * @param rows how many there are
   * @param value of a row that adds `gain`: it never falls where the gain rises
   */
  constructor(
    private readonly gains: FacilityGains,
    rows: number,
    private readonly value: (row: number, gain: number) => number,
  ) {
    this.#bounds = new Float64Array(rows).fill(Infinity)
  }

  /**
   * The row of the largest value with its gain, of equal ones the first by number.
   *
   * @param rows at least one; reordered
   */
  async of(rows: number[], signal: AbortSignal | undefined): Promise<{ row: number; gain: number }> {
    const bounds = this.#bounds
    // A value need not be defined for a gain without bound.
    const worth = (row: number) => (bounds[row] === Infinity ? Infinity : this.value(row, bounds[row]!))
    const before = (a: number, b: number) => {
      const [x, y] = [worth(a), worth(b)]
      return x === y ? a - b : y - x
    }
    rows.sort(before)
    const { batch } = this.gains
    let best: number | null = null
    for (let begin = 0; begin < rows.length && (best === null || before(rows[begin]!, best) < 0); ) {
      signal?.throwIfAborted()
      const jobs: Promise<void>[] = []
      // What has no bound must be computed, so the next need not wait for these.
      do {
        jobs.push(this.#compute(rows.slice(begin, begin + batch)))
        begin += batch
      } while (jobs.length < AT_ONCE && bounds[rows[begin] ?? -1] === Infinity)
      await Promise.all(jobs)
      for (const row of rows.slice(begin - jobs.length * batch, begin)) {
        if (best === null || before(row, best) < 0) best = row
      }
    }
    return { row: best!, gain: bounds[best!]! }
  }

  async #compute(rows: readonly number[]): Promise<void> {
    const gains = await this.gains.gains(rows)
    for (const [i, row] of rows.entries()) this.#bounds[row] = gains[i]!
  }
}
