/** A set of 64-bit numbers in 16 to 32 bytes each: a million texts as strings would take ten times that. */
export class SeenIds {
  #table = new Uint32Array(2 ** 9)
  #size = 0
  #zero = false

  /** Adds a number of 16 hex digits. @returns whether it was new */
  add(hex: string): boolean {
    const high = Number.parseInt(hex.slice(0, 8), 16)
    const low = Number.parseInt(hex.slice(8), 16)
    // An empty place is two zeros.
    if (high === 0 && low === 0) {
      const first = !this.#zero
      this.#zero = true
      return first
    }
    if (!this.#insert(this.#table, high, low)) return false
    if (4 * ++this.#size >= this.#table.length) this.#grow()
    return true
  }

  #insert(table: Uint32Array, high: number, low: number): boolean {
    const mask = table.length - 1
    for (let at = (low << 1) & mask; ; at = (at + 2) & mask) {
      if (table[at] === high && table[at + 1] === low) return false
      if (table[at] === 0 && table[at + 1] === 0) {
        table[at] = high
        table[at + 1] = low
        return true
      }
    }
  }

  #grow(): void {
    const larger = new Uint32Array(2 * this.#table.length)
    for (let at = 0; at < this.#table.length; at += 2) {
      const [high, low] = [this.#table[at]!, this.#table[at + 1]!]
      if (high !== 0 || low !== 0) this.#insert(larger, high, low)
    }
    this.#table = larger
  }
}
