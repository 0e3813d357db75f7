/** An array of the host with its shape. */
export interface Values {
  readonly shape: readonly number[]
  readonly data: Float32Array | Int32Array | Uint32Array
}

/** Arrays by name: what a case is computed from, and what comes out. */
export type Arrays = Readonly<Record<string, Values>>

/** One implementation of one case, ready to run. */
export interface Contender {
  /** `tabtune`, or the peer's package. */
  readonly name: string
  readonly version: string
  /** The adapter that it runs on, to be compared with the others'; null if it cannot be. */
  readonly adapter: string | null
  /** Which of its ways to do it. */
  readonly how: string
  /** How many times larger errors may be than those of f32, for one that rounds more on purpose. Default: 1. */
  readonly slack?: number
  /** Takes new inputs to the GPU. Not timed. */
  load(inputs: Arrays): void | Promise<void>
  /** Computes `times` times from the inputs, and waits for the GPU. What was made before is dropped. */
  run(times: number): Promise<void>
  /** What was computed last. */
  read(): Promise<Arrays>
  close(): void | Promise<void>
}
