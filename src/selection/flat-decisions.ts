import type { Decision } from './selector'

const BEYOND_BUDGET = 0
const KEPT = 1
const PINNED = 2
const SIMILAR = 3
const DUPLICATE = 4
const EXCLUDED = 5
const INVALID = 6

/** Decisions on many rows in flat arrays: objects are made of those that are asked for. */
export class FlatDecisions {
  readonly #kinds: Uint8Array
  /** The rank of a kept row, the index of the row that a similar or equal one repeats. */
  readonly #numbers: Float64Array
  readonly #similarities: Float64Array
  readonly #reasons = new Map<number, string>()

  /** All rows are beyond the budget at first. */
  constructor(rows: number) {
    this.#kinds = new Uint8Array(rows)
    this.#numbers = new Float64Array(rows)
    this.#similarities = new Float64Array(rows)
  }

  /** Whether something was decided on row `n`. */
  has(n: number): boolean {
    return this.#kinds[n] !== BEYOND_BUDGET
  }

  keep(n: number, rank: number, pinned: boolean): void {
    this.#kinds[n] = pinned ? PINNED : KEPT
    this.#numbers[n] = rank
  }

  similar(n: number, to: number, similarity: number): void {
    this.#kinds[n] = SIMILAR
    this.#numbers[n] = to
    this.#similarities[n] = similarity
  }

  duplicate(n: number, of: number): void {
    this.#kinds[n] = DUPLICATE
    this.#numbers[n] = of
  }

  exclude(n: number, reason: string): void {
    this.#kinds[n] = EXCLUDED
    this.#reasons.set(n, reason)
  }

  invalid(n: number, reason: string): void {
    this.#kinds[n] = INVALID
    this.#reasons.set(n, reason)
  }

  /** The decision on row `n`. */
  at(n: number): Decision {
    const number = this.#numbers[n]!
    switch (this.#kinds[n]) {
      case KEPT:
        return { kind: 'kept', rank: number }
      case PINNED:
        return { kind: 'kept', rank: number, pinned: true }
      case SIMILAR:
        return { kind: 'similar', to: number, similarity: this.#similarities[n]! }
      case DUPLICATE:
        return { kind: 'duplicate', of: number }
      case EXCLUDED:
        return { kind: 'excluded', reason: this.#reasons.get(n)! }
      case INVALID:
        return { kind: 'invalid', reason: this.#reasons.get(n)! }
      default:
        return { kind: 'beyond budget' }
    }
  }
}
