/** A buffer and its identity in bind group keys. `size` is a multiple of 256 bytes. */
export interface Block {
  readonly id: number
  readonly buffer: GPUBuffer
  readonly size: number
}

/**
 * The `id` of a block that another library owns. No bind group of it is remembered: it would keep the buffer after its
 * owner let go of it.
 */
export const FOREIGN = -1

/**
 * Reuses buffers. Commands run in the order they were encoded, so a released block may be handed out
 * again at once: whatever still reads it was encoded before whatever will write it.
 */
export class BufferPool {
  readonly #all = new Set<Block>()
  #free: Block[] = []

  constructor(private readonly create: (bytes: number) => Block) {}

  /** A block of at least `bytes`: the smallest free one that wastes at most a half of itself, or a new one. */
  acquire(bytes: number): Block {
    const size = Math.max(256, Math.ceil(bytes / 256) * 256)
    let best = -1
    this.#free.forEach((block, i) => {
      if (block.size < size || block.size > size * 2) return
      if (best < 0 || block.size < this.#free[best]!.size) best = i
    })
    if (best >= 0) return this.#free.splice(best, 1)[0]!
    const block = this.create(size)
    this.#all.add(block)
    return block
  }

  release(block: Block): void {
    this.#free.push(block)
  }

  /** Declares every block free. For memory whose contents do not outlive one use of the pool. */
  reset(): void {
    this.#free = [...this.#all]
  }

  /** Destroys the free blocks and returns them. */
  trim(): readonly Block[] {
    const freed = this.#free
    this.#free = []
    for (const block of freed) {
      this.#all.delete(block)
      block.buffer.destroy()
    }
    return freed
  }

  /** Bytes of all blocks, in use or free. */
  get bytes(): number {
    let sum = 0
    for (const block of this.#all) sum += block.size
    return sum
  }
}
