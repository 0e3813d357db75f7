import { type Params, packParams } from './kernel'
import type { Block } from './pool'
import type { WorkQueue } from './work-queue'

/** Dynamic offsets are multiples of 256 by WebGPU's default limits. */
const SLOT = 256
const SLOTS = 256

interface Chunk {
  readonly block: Block
  readonly bytes: Uint8Array<ArrayBuffer>
  used: number
  uploaded: number
}

/** Holds the `Params` of many dispatches in few buffers; `upload` sends what is new. */
export class Uniforms {
  readonly #chunks: Chunk[] = []
  #current = 0

  constructor(private readonly create: (bytes: number) => Block) {}

  /** Writes one `struct Params` and says where: buffer and byte offset. */
  push(params: Params, values: Readonly<Record<string, number>>): { block: Block; offset: number } {
    let chunk = this.#chunks[this.#current]
    if (chunk && chunk.used === SLOTS) chunk = this.#chunks[++this.#current]
    if (!chunk) {
      chunk = {
        block: this.create(SLOT * SLOTS),
        bytes: new Uint8Array(SLOT * SLOTS),
        used: 0,
        uploaded: 0,
      }
      this.#chunks.push(chunk)
    }
    const offset = chunk.used++ * SLOT
    packParams(params, values, new DataView(chunk.bytes.buffer), offset)
    return { block: chunk.block, offset }
  }

  upload(queue: WorkQueue): void {
    for (const chunk of this.#chunks) {
      if (chunk.uploaded === chunk.used) continue
      const begin = chunk.uploaded * SLOT
      queue.write(chunk.block.buffer, begin, chunk.bytes.subarray(begin, chunk.used * SLOT))
      chunk.uploaded = chunk.used
    }
  }

  /** Starts over in the same buffers. What was pushed before must have been submitted. */
  rewind(): void {
    this.#current = 0
    for (const chunk of this.#chunks) {
      chunk.used = 0
      chunk.uploaded = 0
    }
  }

  /** Lets go of its buffers and returns them, for the caller to destroy. */
  drop(): readonly Block[] {
    const blocks = this.#chunks.map(chunk => chunk.block)
    this.#chunks.length = 0
    return blocks
  }
}
