import type { EvaluatedRun, TrainingConfig, TrainStep } from '../../src/index'
import type { TimedEvaluation, TimedStep } from '../parts/chart-data'
import type { TrainingResult } from '../training-protocol'
import type { SeenSteps } from './run-record'

/** Steps that a speed is the mean of: single ones differ by what they happen to hold. */
const SPAN = 8

/** What a training has shown, counted through all of its rounds. */
export class StepLog {
  readonly steps: TimedStep[]
  evaluations: readonly TimedEvaluation[]
  /** Of all rounds, as far as can be told. */
  totalSteps: number
  readonly #rounds: number
  readonly #begin: number
  /** Steps before the round, and those of it that are done. */
  #place = { round: 1, before: 0, done: 0 }

  /** @param seen what it showed before it was ended */
  constructor({ rounds = 1 }: Pick<TrainingConfig, 'rounds'>, seen: SeenSteps | null) {
    this.#rounds = rounds
    this.steps = [...(seen?.steps ?? [])]
    this.evaluations = seen?.evaluations ?? []
    this.totalSteps = seen?.totalSteps ?? 0
    this.#begin = performance.now() - 1000 * (this.steps.at(-1)?.seconds ?? 0)
  }

  /** How many steps a round has, where the ones before it are done. */
  expect(steps: number): void {
    const { round, before } = this.#place
    this.totalSteps = before + steps * (this.#rounds - round + 1)
  }

  /** The place of a round's step in all of them. */
  place(round: number, step: number): number {
    const { before, done } = this.#place
    this.#place =
      round === this.#place.round
        ? { round, before, done: Math.max(done, step) }
        : { round, before: before + done, done: step }
    return this.#place.before + step
  }

  step(round: number, step: TrainStep): TimedStep {
    const place = this.place(round, step.step)
    this.expect(step.totalSteps)
    // Later ones were shown, and not kept.
    while ((this.steps.at(-1)?.step ?? 0) >= place) this.steps.pop()
    const from = this.steps.at(-SPAN)
    const { seconds } = this
    const tokens = step.num_tokens - (from?.num_tokens ?? 0)
    // The first step also compiles the kernels; a new round counts tokens anew.
    const speed = from && tokens > 0 && seconds > from.seconds ? tokens / (seconds - from.seconds) : null
    const timed = {
      ...step,
      step: place,
      totalSteps: this.totalSteps,
      seconds,
      ...(speed === null ? {} : { tokens_per_second: speed }),
    }
    this.steps.push(timed)
    return timed
  }

  /** A measurement takes the place of an earlier one after the same step. */
  evaluation(round: number, step: number, { name, metrics }: EvaluatedRun): TimedEvaluation {
    const known = Object.entries(metrics).flatMap(([name, value]) =>
      value === null ? [] : [[name, value] as const],
    )
    const evaluation = { name, step: this.place(round, step), metrics: Object.fromEntries(known) }
    const others = this.evaluations.filter(other => other.step !== evaluation.step)
    this.evaluations = [...others, evaluation].sort((a, b) => a.step - b.step)
    return evaluation
  }

  get seconds(): number {
    return (performance.now() - this.#begin) / 1000
  }

  result(config: TrainingConfig, comparison: TrainingResult['comparison']): TrainingResult {
    const { steps, evaluations, totalSteps, seconds } = this
    const stopped = (steps.at(-1)?.step ?? 0) < totalSteps
    return { config, comparison, winRate: null, steps, evaluations, totalSteps, stopped, seconds }
  }
}
