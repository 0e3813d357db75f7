import { type Metric, squaredLength } from './metric'

/** Vectors on the host, each with its squared length. */
export class HostRows {
  readonly #rows: Float32Array[] = []
  readonly #squares: number[] = []

  constructor(private readonly metric: Metric) {}

  get length(): number {
    return this.#rows.length
  }

  push(row: Float32Array): void {
    this.#rows.push(row)
    this.#squares.push(squaredLength(row))
  }

  /** Adds row `i` of `other`, as a copy of its own. */
  take(other: HostRows, i: number): void {
    this.#rows.push(other.#rows[i]!.slice())
    this.#squares.push(other.#squares[i]!)
  }

  /** Similarity of row `i` and row `j` of `other`. */
  similarity(i: number, other: HostRows, j: number): number {
    return this.metric.similarity(this.#rows[i]!, other.#rows[j]!, this.#squares[i]!, other.#squares[j]!)
  }
}
