import type { Counters } from './counters'
import type { Block } from './pool'
import { BufferUsage } from './usage'

/** Creates a device's buffers and counts the bytes it holds. */
export class Memory {
  #ids = 0
  #allocated = 0
  #peak = 0

  constructor(
    private readonly device: GPUDevice,
    private readonly counters: Counters,
  ) {}

  /** Bytes held now. */
  get allocated(): number {
    return this.#allocated
  }

  /** The most bytes that were held. */
  get peak(): number {
    return this.#peak
  }

  /** A block for tensors. */
  readonly storage = (size: number): Block =>
    this.#block(size, BufferUsage.STORAGE | BufferUsage.COPY_SRC | BufferUsage.COPY_DST)

  /** A block for parameters. */
  readonly uniform = (size: number): Block => this.#block(size, BufferUsage.UNIFORM | BufferUsage.COPY_DST)

  /** A buffer that the host reads. It is short-lived and not counted as held. */
  readonly staging = (size: number): GPUBuffer => {
    this.counters.buffers++
    return this.device.createBuffer({
      label: 'staging',
      size,
      usage: BufferUsage.MAP_READ | BufferUsage.COPY_DST,
    })
  }

  /** Takes blocks that were destroyed off the count. */
  readonly freed = (blocks: readonly Block[]): void => {
    for (const { size } of blocks) this.#allocated -= size
  }

  /** Gives blocks back to the system. */
  readonly destroy = (blocks: readonly Block[]): void => {
    for (const { buffer } of blocks) buffer.destroy()
    this.freed(blocks)
  }

  #block(size: number, usage: number): Block {
    this.counters.buffers++
    this.#allocated += size
    this.#peak = Math.max(this.#peak, this.#allocated)
    return { id: this.#ids++, buffer: this.device.createBuffer({ size, usage }), size }
  }
}
