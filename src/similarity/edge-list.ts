/** Pairs of rows with their similarities, of which at most `most` are kept: the most similar. */
export class EdgeList {
  #from = new Uint32Array(1024)
  #to = new Uint32Array(1024)
  #similarity = new Float64Array(1024)
  #length = 0
  #threshold: number

  /** @param threshold only similarities above it count */
  constructor(
    threshold: number,
    private readonly most: number,
  ) {
    this.#threshold = threshold
  }

  get length(): number {
    return this.#length
  }

  /** The lowest threshold above which every pair that was added is here. It only rises. */
  get threshold(): number {
    return this.#threshold
  }

  add(from: number, to: number, similarity: number): void {
    if (!(similarity > this.#threshold)) return
    if (this.#length === this.#from.length) {
      // Twice as many as are kept, so that what is too much is looked for seldom.
      if (this.#length >= 2 * this.most + 1024) this.#shrink()
      else this.#grow()
      if (!(similarity > this.#threshold)) return
    }
    this.#from[this.#length] = from
    this.#to[this.#length] = to
    this.#similarity[this.#length++] = similarity
  }

  /**
   * The pairs by ascending `to`, those of one `to` as they were added. If there are more than `most`, the
   * threshold rises to the similarity of the first that is too much, so that its equals go with it: what is
   * kept does not depend on the order in which pairs were added.
   */
  finish(rows: number): { from: Uint32Array; to: Uint32Array; similarity: Float64Array } {
    this.#shrink()
    const starts = new Uint32Array(rows + 1)
    for (let i = 0; i < this.#length; i++) starts[this.#to[i]! + 1]!++
    for (let row = 0; row < rows; row++) starts[row + 1]! += starts[row]!
    const from = new Uint32Array(this.#length)
    const to = new Uint32Array(this.#length)
    const similarity = new Float64Array(this.#length)
    for (let i = 0; i < this.#length; i++) {
      const at = starts[this.#to[i]!]!++
      from[at] = this.#from[i]!
      to[at] = this.#to[i]!
      similarity[at] = this.#similarity[i]!
    }
    return { from, to, similarity }
  }

  #shrink(): void {
    if (this.#length <= this.most) return
    const sorted = this.#similarity.slice(0, this.#length).sort()
    this.#threshold = sorted[this.#length - 1 - this.most]!
    let kept = 0
    for (let i = 0; i < this.#length; i++) {
      if (!(this.#similarity[i]! > this.#threshold)) continue
      this.#from[kept] = this.#from[i]!
      this.#to[kept] = this.#to[i]!
      this.#similarity[kept++] = this.#similarity[i]!
    }
    this.#length = kept
  }

  #grow(): void {
    const size = Math.min(2 * this.#length, 2 * this.most + 1024)
    const larger = <T extends Uint32Array | Float64Array>(into: T, values: T): T => {
      into.set(values)
      return into
    }
    this.#from = larger(new Uint32Array(size), this.#from)
    this.#to = larger(new Uint32Array(size), this.#to)
    this.#similarity = larger(new Float64Array(size), this.#similarity)
  }
}
