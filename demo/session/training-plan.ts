import {
  countSteps,
  estimateTraining,
  type Model,
  makeTrainable,
  makeTraining,
  type PreparedData,
  packsOf,
  prepareData,
  shortestExample,
  shownExample,
  type TrainingConfig,
  TrainingError,
  templated,
} from '../../src/index'
import { problemLimit } from '../protocol'
import type { TrainingPlan } from '../training-protocol'
import type { LearnedFrom } from './training-data'

/** Options that decide how data becomes tokens, and which of it is held out. */
const dataKeys = [
  'method',
  'grade',
  'gradeColumn',
  'template',
  'train',
  'maxLength',
  'truncation',
  'promptKeep',
  'evalSplit',
  'seed',
] as const satisfies readonly (keyof TrainingConfig)[]

interface Prepared {
  readonly model: Model
  readonly input: LearnedFrom['input']
  readonly key: string
  readonly value: PreparedData
}

/** What trainings would be, found without running them. */
export class TrainingPlanner {
  #prepared: Prepared | null = null

  forget(): void {
    this.#prepared = null
  }

  /**
   * Examples, steps and memory of a training.
   *
   * @throws {TrainingError} if there is no example to train on
   */
  async plan(given: Model, from: LearnedFrom, config: TrainingConfig): Promise<TrainingPlan> {
    const model = templated(given, config)
    const prepared = this.#prepare(given, from, config)
    const { examples, heldOut, dropped, report, notes } = prepared
    const example = shortestExample(examples)
    if (!example) {
      const reason = dropped[0]?.reason ?? 'there is none'
      throw new TrainingError(`no example can be trained on: ${reason}`)
    }
    // Another model has its memory already; this one stands in for it.
    const training = makeTraining(config, config.reference === 'model' ? model : null)
    const packs = packsOf(examples, config, prepared)
    const { weights, peak, parameters } = await estimateTraining(model.network, examples as never, {
      ...training,
      ...(packs ? { packs } : {}),
      trainable: network => makeTrainable(network, config),
    })
    const units = (packs ?? examples).length
    return {
      report,
      notes,
      dropped: dropped.slice(0, problemLimit),
      trained: examples.length,
      heldOut: heldOut.length,
      steps: countSteps(units, training) * (config.rounds ?? 1),
      stepsPerEpoch: Math.ceil(units / (config.batchSize * config.accumulation)),
      parameters,
      weightBytes: weights,
      // All weights are trained as a copy, so that the model as it was can be asked too.
      peakBytes: peak + (config.trained === 'full' ? weights : 0),
      example: shownExample(model.tokenizer, example),
    }
  }

  /** Tokenizing takes longer than all the rest of a plan, and depends on few options. */
  #prepare(model: Model, { data, input, rows }: LearnedFrom, config: TrainingConfig): PreparedData {
    const key = JSON.stringify([data.kind, rows, dataKeys.map(name => config[name] ?? null)])
    const known = this.#prepared
    if (known?.key === key && known.model === model && known.input === input) return known.value
    const value = prepareData(templated(model, config), data, config)
    this.#prepared = { model, input, key, value }
    return value
  }
}
