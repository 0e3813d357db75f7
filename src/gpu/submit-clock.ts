import { type Command, encode } from './commands'
import type { DispatchTime, KernelClock } from './kernel-clock'

/** Empty submits whose shortest round trip is what a time is too long by. */
const PROBES = 5

/**
 * Times dispatches by the host's clock, for devices without timestamps: each is submitted alone and waited for, so a time
 * includes a submit and the way back. Everything else keeps its place in the order, and waits too.
 */
export class SubmitClock implements KernelClock {
  readonly source = 'host'
  readonly #times: DispatchTime[] = []
  #last: Promise<void> = Promise.resolve()
  #waiting = 0
  stepNanoseconds = Number.POSITIVE_INFINITY

  constructor(private readonly device: GPUDevice) {
    for (let n = 0; n < PROBES; n++) {
      this.#enqueue(async () => {
        this.stepNanoseconds = Math.min(this.stepNanoseconds, await this.#submit([]))
      })
    }
  }

  write(buffer: GPUBuffer, offset: number, bytes: Uint8Array): void {
    const copy = bytes.slice()
    this.#enqueue(() => this.device.queue.writeBuffer(buffer, offset, copy))
  }

  run(lists: readonly (readonly Command[])[]): void {
    for (const command of lists.flat()) {
      this.#enqueue(async () => {
        const nanoseconds = await this.#submit([command])
        if (command.kind === 'dispatch') this.#times.push({ dispatch: command, nanoseconds })
      })
    }
  }

  afterwards(action: () => void): void {
    this.#enqueue(action)
  }

  handedOver(): Promise<void> | null {
    return this.#waiting > 0 ? this.#last : null
  }

  async times(): Promise<readonly DispatchTime[]> {
    await this.#last
    return this.#times
  }

  #enqueue(task: () => void | Promise<void>): void {
    this.#waiting++
    this.#last = this.#last.then(task).finally(() => this.#waiting--)
    // Whoever waits is told; until then a lost device must not end the program.
    this.#last.catch(() => {})
  }

  async #submit(commands: readonly Command[]): Promise<number> {
    const encoder = this.device.createCommandEncoder()
    encode(encoder, [commands])
    const buffer = encoder.finish()
    const start = performance.now()
    this.device.queue.submit([buffer])
    await this.device.queue.onSubmittedWorkDone()
    return (performance.now() - start) * 1e6
  }
}
