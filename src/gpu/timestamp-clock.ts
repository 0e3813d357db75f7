import { type Command, type Dispatch, encodeDispatch, encodeTransfer } from './commands'
import type { DispatchTime, KernelClock } from './kernel-clock'
import { BufferUsage, MAP_READ } from './usage'
import { DeviceQueue } from './work-queue'

/** The most that one query set holds, https://www.w3.org/TR/webgpu/#dom-gpudevice-createqueryset: two a dispatch. */
const SET_DISPATCHES = 2048

/** Times dispatches by the GPU's own clock: each is a pass of its own, whose begin and end are noted. */
export class TimestampClock extends DeviceQueue implements KernelClock {
  readonly source = 'gpu'
  readonly #times: Promise<readonly DispatchTime[]>[] = []
  /** All timestamps joined by or: the lowest bit that is ever set is the clock's step. */
  #bits = 0n

  constructor(private readonly timed: GPUDevice) {
    super(timed)
  }

  override run(lists: readonly (readonly Command[])[]): void {
    const commands = lists.flat()
    const encoder = this.timed.createCommandEncoder()
    const dispatches = commands.filter(({ kind }) => kind === 'dispatch') as Dispatch[]
    const sets = Array.from({ length: Math.ceil(dispatches.length / SET_DISPATCHES) }, (_, n) => {
      const some = dispatches.slice(n * SET_DISPATCHES, (n + 1) * SET_DISPATCHES)
      const querySet = this.timed.createQuerySet({ type: 'timestamp', count: 2 * some.length })
      return { dispatches: some, querySet }
    })
    let n = 0
    for (const command of commands) {
      if (command.kind !== 'dispatch') {
        encodeTransfer(encoder, command)
        continue
      }
      const at = 2 * (n % SET_DISPATCHES)
      const { querySet } = sets[Math.floor(n++ / SET_DISPATCHES)]!
      const pass = encoder.beginComputePass({
        timestampWrites: { querySet, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 },
      })
      encodeDispatch(pass, command, null)
      pass.end()
    }
    const readers = sets.map(set => this.#resolve(encoder, set))
    this.timed.queue.submit([encoder.finish()])
    for (const read of readers) {
      const times = read()
      // Whoever waits for the times is told; until then a lost device must not end the program.
      times.catch(() => {})
      this.#times.push(times)
    }
  }

  async times(): Promise<readonly DispatchTime[]> {
    return (await Promise.all(this.#times)).flat()
  }

  get stepNanoseconds(): number {
    return Number(this.#bits & -this.#bits)
  }

  /** Encodes how a set's timestamps come back; the function returned reads them once that is submitted. */
  #resolve(
    encoder: GPUCommandEncoder,
    { dispatches, querySet }: { readonly dispatches: readonly Dispatch[]; readonly querySet: GPUQuerySet },
  ): () => Promise<readonly DispatchTime[]> {
    const count = 2 * dispatches.length
    const { QUERY_RESOLVE, COPY_SRC, COPY_DST } = BufferUsage
    const resolved = this.timed.createBuffer({ size: 8 * count, usage: QUERY_RESOLVE | COPY_SRC })
    const staging = this.timed.createBuffer({ size: 8 * count, usage: BufferUsage.MAP_READ | COPY_DST })
    encoder.resolveQuerySet(querySet, 0, count, resolved, 0)
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, 8 * count)
    return async () => {
      await staging.mapAsync(MAP_READ)
      const stamps = new BigUint64Array(staging.getMappedRange())
      for (const stamp of stamps) this.#bits |= stamp
      const times = dispatches.map((dispatch, n) => ({
        dispatch,
        // A clock that was set back in between gives no time at all.
        nanoseconds: Math.max(0, Number(stamps[2 * n + 1]! - stamps[2 * n]!)),
      }))
      for (const resource of [staging, resolved, querySet]) resource.destroy()
      return times
    }
  }
}
