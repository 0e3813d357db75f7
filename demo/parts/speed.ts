/** Time that a speed is the mean of, in ms: long enough not to flicker, short enough to follow the connection. */
const SPAN = 6000

/** How fast something arrives. */
export class Speed {
  readonly #seen: { readonly time: number; readonly bytes: number }[] = []

  /** Bytes a second lately, or null in the first second. */
  add(bytes: number, time = performance.now()): number | null {
    this.#seen.push({ time, bytes })
    while (this.#seen.length > 2 && this.#seen[1]!.time < time - SPAN) this.#seen.shift()
    const first = this.#seen[0]!
    const elapsed = time - first.time
    return elapsed < 1000 ? null : ((bytes - first.bytes) / elapsed) * 1000
  }
}
