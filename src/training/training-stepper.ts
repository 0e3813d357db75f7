import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import { counterHash } from '../losses/draw'
import type { Loss } from '../losses/loss'
import { answerBatch, type EncodedAnswer } from '../models/answer-batch'
import { STATISTICS } from '../ops/sequence-statistics'
import type { MicroBatch } from './micro-batch'
import { MismatchProgram, mismatchKey } from './mismatch-program'
import type { Optimizer } from './optimizer'
import type { Trainable } from './trainable'
import { type LiveReference, type ProgramJob, programKey, TrainingProgram } from './training-program'

/** What is reported of one sequence. */
export type SequenceStatistics = Readonly<Record<(typeof STATISTICS)[number], number>>

/** What is left of one micro-batch, once it is read. */
export interface BatchResult {
  readonly batch: MicroBatch
  /** For each term the examples' losses, without the padding. */
  readonly values: readonly Float32Array[]
  readonly sequences: readonly SequenceStatistics[]
}

export interface StepResult {
  readonly batches: readonly BatchResult[]
  /** The terms' means over the step, times their weights. */
  readonly terms: readonly number[]
  /** Before clipping; 0 without an optimizer. */
  readonly gradNorm: number
  /** Mean log-ratio of mismatched answers; null where the loss does not ask for it. */
  readonly kl: number | null
}

export interface StepOptions {
  readonly learningRate: number
  /** Of dropout and noise, hashed with the micro-batch's number. */
  readonly seed: number
  /** For each micro-batch the answers beside prompts that are not theirs. Only where the loss asks for them. */
  readonly mismatched: readonly (readonly EncodedAnswer[])[] | null
}

export interface StepperOptions {
  readonly loss: Loss
  readonly live: LiveReference | null
  readonly recompute: boolean
  readonly dropout: number
  readonly noise: number
  /** Without one nothing is trained: losses and statistics alone. */
  readonly optimizer: Optimizer | null
}

/** Shapes kept recorded. Recordings share their activations, so each costs only its inputs and parameters. */
const PROGRAM_LIMIT = 64

/** What a stepper works on. */
export type Stepped = Pick<Trainable, 'gpu' | 'network' | 'map' | 'parameters' | 'trainsEmbedding'>

/** Runs optimizer steps, or evaluations. From the second step of a shape on, a step creates nothing. */
export class TrainingStepper implements Disposable {
  readonly #gpu: Gpu
  readonly #stepped: Stepped
  readonly #options: StepperOptions
  readonly #job: ProgramJob
  readonly #programs = new Map<string, TrainingProgram>()
  readonly #mismatches = new Map<string, MismatchProgram>()
  /** The terms' own numbers, by the term's place; part of what a checkpoint holds. */
  readonly states: readonly (Tensor | null)[]
  readonly #kl: Tensor | null
  #results: Tensor | null = null

  constructor(stepped: Stepped, options: StepperOptions) {
    const { gpu, network, map, parameters } = stepped
    const { loss, live, recompute, dropout, noise, optimizer } = options
    this.#gpu = gpu
    this.#stepped = stepped
    this.#options = options
    this.states = loss.terms.map(({ state }) => state && gpu.tensor([state.length], Float32Array.from(state)))
    this.#kl = loss.kind === 'labelled' && loss.kl ? gpu.zeros([1]) : null
    this.#job = {
      ...{ gpu, network, adapter: map, loss, live, recompute, dropout, noise },
      parameters: optimizer ? parameters : [],
      trainsEmbedding: optimizer !== null && stepped.trainsEmbedding,
      states: this.states,
      kl: this.#kl,
    }
  }

  /** Encodes and submits one step, in one submit, and promises its results. */
  step(batches: readonly MicroBatch[], { learningRate, seed, mismatched }: StepOptions): Promise<StepResult> {
    const { loss, optimizer } = this.#options
    const gpu = this.#gpu
    const scales = loss.terms.map(({ weight }, k) => {
      const count = batches.reduce((sum, { terms }) => sum + terms[k]!.count, 0)
      return count > 0 ? weight / count : 0
    })
    if (mismatched) this.#sumMismatches(mismatched)
    const places = new Places()
    const layout = batches.map(batch => ({
      statistics: places.take(batch.spans.length * STATISTICS.length),
      values: loss.terms.map(() => places.take(batch.examples)),
    }))
    const [norm, kl] = [places.take(2), places.take(1)]
    const results = this.#resultsOf(places.size)
    const copy = (from: Tensor, [begin, end]: Place) => gpu.copy(from, results.rows(begin, end))
    batches.forEach((batch, n) => {
      const program = this.#program(batch)
      program.run(batch, { scales, seed: counterHash(seed, n) })
      copy(program.statistics, layout[n]!.statistics)
      for (const [k, values] of program.values.entries()) copy(values, layout[n]!.values[k]!)
    })
    optimizer?.step(learningRate)
    if (optimizer) copy(optimizer.norm, norm)
    if (this.#kl) copy(this.#kl, kl)
    return gpu.read(results).then(read => {
      const passes = batches.map((batch, n) => ({
        batch,
        values: layout[n]!.values.map(([begin]) => read.slice(begin, begin + batch.indices.length)),
        sequences: statisticsOf(read.subarray(...layout[n]!.statistics), batch),
      }))
      const sums = loss.terms.map((_, k) =>
        passes.flatMap(({ values }) => [...values[k]!]).reduce((a, b) => a + b, 0),
      )
      return {
        batches: passes,
        terms: sums.map((sum, k) => sum * scales[k]!),
        gradNorm: optimizer ? read[norm[0]]! : 0,
        kl: this.#kl ? read[kl[0]]! : null,
      }
    })
  }

  /** Sums up the log-ratios of a step's mismatched answers, which all of its micro-batches read. */
  #sumMismatches(mismatched: readonly (readonly EncodedAnswer[])[]): void {
    const gpu = this.#gpu
    const { live } = this.#options
    if (!this.#kl || !live) return
    const { network, map } = this.#stepped
    const total = mismatched.reduce((sum, { length }) => sum + length, 0)
    gpu.clear(this.#kl)
    for (const answers of mismatched) {
      const batch = answerBatch(answers)
      const program = kept(
        this.#mismatches,
        mismatchKey(batch),
        () => new MismatchProgram(gpu, { network, adapter: map }, live, batch, this.#kl!),
      )
      program.run(batch, 1 / total)
    }
  }

  #program(batch: MicroBatch): TrainingProgram {
    return kept(this.#programs, programKey(batch), () => new TrainingProgram(this.#job, batch))
  }

  /** Where a step's results are gathered, of at least `size` values. */
  #resultsOf(size: number): Tensor {
    if (!this.#results || this.#results.size < size) {
      this.#results?.[Symbol.dispose]()
      this.#results = this.#gpu.zeros([2 ** Math.ceil(Math.log2(size))])
    }
    return this.#results
  }

  [Symbol.dispose](): void {
    for (const program of [...this.#programs.values(), ...this.#mismatches.values()])
      program[Symbol.dispose]()
    for (const tensor of [...this.states, this.#kl, this.#results]) tensor?.[Symbol.dispose]()
  }
}

/** The program of a shape, made where there is none yet; all are let go of when there are too many. */
function kept<P extends Disposable>(programs: Map<string, P>, key: string, make: () => P): P {
  let program = programs.get(key)
  if (program) return program
  if (programs.size >= PROGRAM_LIMIT) {
    for (const old of programs.values()) old[Symbol.dispose]()
    programs.clear()
  }
  program = make()
  programs.set(key, program)
  return program
}

/** Begin and end. */
type Place = readonly [number, number]

/** Hands out room, in values; each place begins at a multiple of the 256 bytes that bindings need. */
class Places {
  size = 0

  take(values: number): Place {
    const begin = this.size
    this.size += Math.ceil(values / 64) * 64
    return [begin, begin + values]
  }
}

function statisticsOf(values: Float32Array, { indices, examples, spans }: MicroBatch): SequenceStatistics[] {
  const sequences = (indices.length * spans.length) / examples
  return Array.from({ length: sequences }, (_, s) => {
    const row = STATISTICS.map((name, c) => [name, values[s * STATISTICS.length + c]!])
    return Object.fromEntries(row) as SequenceStatistics
  })
}
