import type { Command } from './commands'
import type { Counters } from './counters'
import { GpuError } from './errors'
import { Feed } from './feed'
import type { Memory } from './memory'
import type { Recording } from './recording'
import type { Tensor } from './tensor'
import { Uniforms } from './uniforms'
import type { WorkQueue } from './work-queue'

/** Commands, not counting replayed ones, that are submitted unasked, so that the GPU starts early. */
const PENDING_LIMIT = 1024
/** Uploads up to this size travel with the next submit; larger ones go at once. */
const FEED_LIMIT = 1 << 20

/** What the next submit will do: uploads, parameters and commands. */
export class Submission {
  /** Parameters of single dispatches. */
  readonly uniforms: Uniforms
  readonly #feed: Feed
  #diverted: WorkQueue | null = null
  /** Lists of commands: those of recordings, and between them those of single calls. */
  #lists: (readonly Command[])[] = []
  /** The last list, if it is not a recording's. */
  #tail: Command[] | null = null
  /** How many commands did not come from a recording. */
  #eager = 0

  /**
   * @param own takes what is submitted
   * @param check throws what went wrong with the device
   */
  constructor(
    private readonly own: WorkQueue,
    memory: Memory,
    private readonly counters: Counters,
    private readonly check: () => void,
  ) {
    this.uniforms = new Uniforms(memory.uniform)
    this.#feed = new Feed(memory.storage, block => this.queue.afterwards(() => memory.destroy([block])))
  }

  /** Where what is submitted goes now. */
  get queue(): WorkQueue {
    return this.#diverted ?? this.own
  }

  /** Takes another queue for what is submitted from here on, until the function returned is called. */
  divert(queue: WorkQueue): () => void {
    if (this.#diverted) throw new GpuError('profile: another profile is being taken')
    this.submit()
    this.#diverted = queue
    return () => {
      this.submit()
      this.#diverted = null
    }
  }

  push(command: Command): void {
    if (command.kind === 'dispatch') this.counters.dispatches++
    if (!this.#tail) {
      this.#tail = []
      this.#lists.push(this.#tail)
    }
    this.#tail.push(command)
    if (++this.#eager >= PENDING_LIMIT) this.submit()
  }

  /** A recording's list is taken as it is, not copied: it lives until it is submitted. */
  replay({ commands, dispatches }: Recording): void {
    this.counters.dispatches += dispatches
    this.#lists.push(commands)
    this.#tail = null
  }

  /** Sets the tensor's first bytes. */
  write(tensor: Tensor, bytes: Uint8Array): void {
    if (bytes.byteLength > FEED_LIMIT) {
      this.submit()
      this.queue.write(tensor.block.buffer, tensor.offset, bytes)
      return
    }
    if (!this.#feed.fits(bytes.byteLength)) {
      this.submit()
      if (!this.#feed.fits(bytes.byteLength)) this.#feed.grow(bytes.byteLength)
    }
    this.push(this.#feed.push(bytes, tensor))
  }

  submit(): void {
    if (this.#lists.length === 0 && this.#feed.empty) return
    this.check()
    this.#feed.upload(this.queue)
    this.uniforms.upload(this.queue)
    const lists = this.#lists
    this.discard()
    this.queue.run(lists)
    this.counters.submits++
    this.uniforms.rewind()
  }

  /** Forgets the commands. */
  discard(): void {
    this.#lists = []
    this.#tail = null
    this.#eager = 0
  }
}
