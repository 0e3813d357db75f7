import { cosine, squaredLength } from './cosine'

/** Vectors on the host, each with its squared length. */
export class HostRows {
  readonly #rows: Float32Array[] = []
  readonly #squares: number[] = []

  get length(): number {
    return this.#rows.length
  }

  push(row: Float32Array): void {
    this.#rows.push(row)
    this.#squares.push(squaredLength(row))
  }

  row(i: number): Float32Array {
    return this.#rows[i]!
  }

  /** Cosine of row `i` and row `j` of `other`. */
  cosine(i: number, other: HostRows, j: number): number {
    return cosine(this.#rows[i]!, other.#rows[j]!, this.#squares[i]!, other.#squares[j]!)
  }
}
