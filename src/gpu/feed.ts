import type { Copy } from './commands'
import type { Block } from './pool'
import type { Tensor } from './tensor'
import type { WorkQueue } from './work-queue'

/** Collects small uploads of one submit, so that they travel in a single `writeBuffer`. */
export class Feed {
  #block: Block | null = null
  #bytes = new Uint8Array(0)
  #used = 0

  /** @param destroy gives a block back to the system */
  constructor(
    private readonly create: (bytes: number) => Block,
    private readonly destroy: (block: Block) => void,
  ) {}

  /** Whether `bytes` more fit without a larger buffer. */
  fits(bytes: number): boolean {
    return this.#used + bytes <= this.#bytes.byteLength
  }

  get empty(): boolean {
    return this.#used === 0
  }

  /** Makes room for `bytes` in all. What was pushed before must have been submitted. */
  grow(bytes: number): void {
    if (this.#block) this.destroy(this.#block)
    const size = Math.max(1 << 16, 2 ** Math.ceil(Math.log2(bytes)))
    this.#block = this.create(size)
    this.#bytes = new Uint8Array(size)
    this.#used = 0
  }

  /** Stores the bytes, and gives the command that copies them to the tensor's beginning. */
  push(data: Uint8Array, { block, offset }: Tensor): Copy {
    const fromOffset = this.#used
    this.#bytes.set(data, fromOffset)
    this.#used += Math.ceil(data.byteLength / 16) * 16
    const from = this.#block!.buffer
    return { kind: 'copy', from, fromOffset, to: block.buffer, toOffset: offset, bytes: data.byteLength }
  }

  upload(queue: WorkQueue): void {
    if (this.#used > 0) queue.write(this.#block!.buffer, 0, this.#bytes.subarray(0, this.#used))
    this.#used = 0
  }
}
