import type { Dispatch } from './commands'
import type { WorkQueue } from './work-queue'

/** What one dispatch took. */
export interface DispatchTime {
  readonly dispatch: Dispatch
  readonly nanoseconds: number
}

/** A queue that times each dispatch that it runs. */
export interface KernelClock extends WorkQueue {
  /** What the times are of: the GPU's own clock, or the host's from a submit to its end. */
  readonly source: 'gpu' | 'host'
  /** Waits until all that was run is timed. To be called once, with nothing left to run. */
  times(): Promise<readonly DispatchTime[]>
  /** By how much one time may be wrong. Known once there are times. */
  readonly stepNanoseconds: number
}
