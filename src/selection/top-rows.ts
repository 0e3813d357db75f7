const FIRST_ROOM = 64

/** The rows of the largest values among all that are added, of equal ones those added first. */
export class TopRows {
  #values = new Int32Array(FIRST_ROOM)
  #rows = new Uint32Array(FIRST_ROOM)
  #tags = new Uint32Array(FIRST_ROOM)
  #size = 0
  /** A value that is not above this one is too late. */
  #least = -Infinity

  /** @param depth how many are wanted; memory grows with those that are added, up to twice as many */
  constructor(private readonly depth: number) {}

  /** @param tag comes back with the row */
  add(row: number, value: number, tag: number): void {
    if (value <= this.#least) return
    if (this.#size === this.#rows.length) {
      if (this.#size < 2 * this.depth) this.#grow()
      else this.#sort()
    }
    this.#rows[this.#size] = row
    this.#values[this.#size] = value
    this.#tags[this.#size++] = tag
  }

  /** At most `depth` rows, best first. */
  take(): readonly { readonly row: number; readonly value: number; readonly tag: number }[] {
    this.#sort()
    return Array.from({ length: this.#size }, (_, i) => ({
      row: this.#rows[i]!,
      value: this.#values[i]!,
      tag: this.#tags[i]!,
    }))
  }

  #grow(): void {
    const [values, rows, tags] = [this.#values, this.#rows, this.#tags]
    const room = Math.max(FIRST_ROOM, Math.min(2 * this.depth, 2 * this.#size))
    this.#values = new Int32Array(room)
    this.#rows = new Uint32Array(room)
    this.#tags = new Uint32Array(room)
    this.#values.set(values)
    this.#rows.set(rows)
    this.#tags.set(tags)
  }

  /** Puts the best in front and forgets those beyond `depth`. */
  #sort(): void {
    const [rows, values, tags] = [this.#rows, this.#values, this.#tags]
    const best = Uint32Array.from({ length: this.#size }, (_, i) => i)
      .sort((a, b) => values[b]! - values[a]! || a - b)
      .subarray(0, this.depth)
    rows.set(best.map(i => rows[i]!))
    tags.set(best.map(i => tags[i]!))
    values.set(Int32Array.from(best, i => values[i]!))
    this.#size = best.length
    if (this.#size === this.depth) this.#least = values[this.#size - 1] ?? Infinity
  }
}
