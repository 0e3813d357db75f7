import { MAP_READ } from './usage'

/** Buffers that carry results back. They are kept and reused, a few of each size. */
export class Staging {
  readonly #free = new Map<number, GPUBuffer[]>()

  constructor(private readonly create: (bytes: number) => GPUBuffer) {}

  /** A mappable buffer of exactly `bytes`. The first request of a size makes `DEPTH`, so that later ones make none. */
  acquire(bytes: number): GPUBuffer {
    if (bytes > KEEP_BYTES) return this.create(bytes)
    let free = this.#free.get(bytes)
    if (!free) {
      free = Array.from({ length: DEPTH }, () => this.create(bytes))
      this.#free.set(bytes, free)
    }
    return free.pop() ?? this.create(bytes)
  }

  /**
   * Waits for what was copied into a buffer of `acquire`, and takes the buffer back.
   *
   * @param submitted settles once the copy is the device's; null if it is
   */
  async take(bytes: number, buffer: GPUBuffer, submitted: Promise<void> | null): Promise<ArrayBuffer> {
    if (submitted) await submitted
    await buffer.mapAsync(MAP_READ)
    const result = buffer.getMappedRange().slice(0)
    buffer.unmap()
    this.#release(bytes, buffer)
    return result
  }

  #release(bytes: number, buffer: GPUBuffer): void {
    const free = this.#free.get(bytes)
    if (free && free.length < DEPTH) free.push(buffer)
    else buffer.destroy()
  }
}

/** One result being read, one being computed, one being encoded. */
const DEPTH = 3
/** Larger results are rare (weights, matrices of similarities) and not worth keeping memory for. */
const KEEP_BYTES = 1 << 20
