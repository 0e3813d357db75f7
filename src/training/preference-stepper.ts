import type { Tensor } from '../gpu/tensor'
import type { PreferenceLoss } from '../losses/loss'
import { STATS } from '../ops/preference-loss'
import type { LoraAdapter } from './lora-adapter'
import type { MicroBatch } from './micro-batch'
import { AdamW, type AdamWOptions } from './optimizer'
import { PreferenceProgram, programKey } from './preference-program'

/** What a step leaves: one record a pair, in the order of the micro-batches, and the gradients' norm. */
export interface StepResult {
  readonly pairs: readonly Readonly<Record<(typeof STATS)[number], number>>[]
  readonly gradNorm: number
}

/** Shapes kept recorded. Recordings share their activations, so each costs only its inputs and parameters. */
const PROGRAM_LIMIT = 64

/** Runs optimizer steps of preference training. From the second step of a shape on, a step creates nothing. */
export class PreferenceStepper implements Disposable {
  readonly #programs = new Map<string, PreferenceProgram>()
  readonly #optimizer: AdamW
  readonly #results: Tensor
  readonly #slot: number
  readonly #recompute: boolean

  /**
   * @param pairs most pairs of a micro-batch
   * @param accumulation most micro-batches of a step
   * @param recompute computes layers again in the backward pass, for memory
   */
  constructor(
    readonly adapter: LoraAdapter,
    readonly loss: PreferenceLoss,
    {
      pairs,
      accumulation,
      recompute = false,
      ...optimizer
    }: AdamWOptions & {
      readonly pairs: number
      readonly accumulation: number
      readonly recompute?: boolean
    },
  ) {
    this.#recompute = recompute
    this.#optimizer = new AdamW(adapter, optimizer)
    // One slot a micro-batch and one for the norm; slots begin at multiples of 256 bytes.
    this.#slot = Math.ceil((pairs * STATS.length) / 64) * 64
    this.#results = adapter.gpu.empty([(accumulation + 1) * this.#slot])
  }

  /** Encodes and submits one step, in one submit, and promises its results. */
  step(batches: readonly MicroBatch[], learningRate: number): Promise<StepResult> {
    const { gpu } = this.adapter
    const total = batches.reduce((sum, { pairs }) => sum + pairs.length, 0)
    const sizes = batches.map((batch, k) => {
      const program = this.#program(batch)
      program.run(batch, 1 / total)
      const { size } = program.stats
      gpu.copy(program.stats, this.#window(k, size))
      return size
    })
    this.#optimizer.step(learningRate)
    gpu.copy(this.#optimizer.norm, this.#window(batches.length, 2))
    return gpu.read(this.#results).then(values => ({
      pairs: sizes.flatMap((size, k) => records(values.subarray(k * this.#slot, k * this.#slot + size))),
      gradNorm: values[batches.length * this.#slot]!,
    }))
  }

  #window(slot: number, size: number): Tensor {
    return this.#results.rows(slot * this.#slot, slot * this.#slot + size)
  }

  #program(batch: MicroBatch): PreferenceProgram {
    const key = programKey(batch)
    let program = this.#programs.get(key)
    if (!program) {
      if (this.#programs.size >= PROGRAM_LIMIT) {
        for (const old of this.#programs.values()) old[Symbol.dispose]()
        this.#programs.clear()
      }
      program = new PreferenceProgram(this.adapter, this.loss, batch, { recompute: this.#recompute })
      this.#programs.set(key, program)
    }
    return program
  }

  [Symbol.dispose](): void {
    for (const program of this.#programs.values()) program[Symbol.dispose]()
    this.#optimizer[Symbol.dispose]()
    this.#results[Symbol.dispose]()
  }
}

function records(values: Float32Array) {
  return Array.from({ length: values.length / STATS.length }, (_, n) => {
    const at = n * STATS.length
    return Object.fromEntries(STATS.map((name, k) => [name, values[at + k]!])) as Record<
      (typeof STATS)[number],
      number
    >
  })
}
