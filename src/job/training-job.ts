import type { Turn } from '../data/row'
import { compareRuns } from '../evaluation/compare-runs'
import { withTemplate } from '../io/with-template'
import type { Model } from '../models/load-model'
import type { Example } from '../training/examples'
import { LoraAdapter } from '../training/lora-adapter'
import { shortestExample, shownExample } from '../training/shown-example'
import { countSteps, type TrainOptions } from '../training/train'
import type { Trainable } from '../training/trainable'
import { ConfigError } from './config-error'
import { type EvaluationSet, evaluateTraining, startingReferences } from './evaluate-training'
import { jobTemplates } from './job-templates'
import { makeTraining } from './make-training'
import { type PreparedData, prepareData, type TrainingData } from './training-data'
import type { TrainingEvent, TrainingJobOptions, TrainingPhase } from './training-events'
import type { TrainingConfig } from './training-fields'
import { packsOf, type RoundOptions, sampleRound, trainRound } from './training-round'

/** There is nothing to do: no example that can be trained on. */
export class JobError extends Error {
  override name = 'JobError'
}

/**
 * Trains what `makeTrainable` made of the model, as the config says, and measures it before and after. Rounds restart
 * optimizer and schedule, and compare with the model as it was when they began. Whatever ends it, what is trained is as
 * the last step made it; with a store it can be resumed, bit for bit as if it had not ended.
 *
 * @throws {ConfigError} for data or a model that the config does not go with
 * @throws {JobError} if no example can be trained on
 * @throws the errors of `train`
 * @throws the signal's reason when it is aborted
 */
export async function* trainingJob(
  given: Model,
  trainable: Trainable,
  data: TrainingData,
  config: TrainingConfig,
  job: TrainingJobOptions = {},
): AsyncGenerator<TrainingEvent, void, undefined> {
  const training = makeTraining(config, job.reference)
  if (config.answers === 'sampled' && !job.scorer)
    throw new ConfigError('answers are sampled in each round, and no scorer is given to rank them', 'answers')
  const model = templated(given, config)
  const prepared = prepareData(model, data, config)
  const shown = shortestExample(prepared.examples)
  if (!shown) throw new JobError(nothingLeft(prepared))
  const packs = packsOf(prepared.examples, config, prepared)
  const isHeldOut = prepared.heldOut.length > 0
  yield {
    ...{ kind: 'data', data: prepared, example: shownExample(model.tokenizer, shown), isHeldOut },
    totalSteps: countSteps((packs ?? prepared.examples).length, training),
  }

  // Its KL needs the model of the start at each evaluation, which for a fresh adapter is the one without it.
  const comparesStart = training.loss.kind === 'labelled' && training.reference === 'copy'
  using start = comparesStart && trainable instanceof LoraAdapter ? trainable.copy() : null
  const measured = (isHeldOut ? prepared.heldOut : prepared.examples).slice(0, config.evalExamples)
  const set = await evaluationSet(model, trainable, data, measured, { config, training, job, start })
  const evaluate = (name: string) => evaluateTraining(name, trainable, set, watched(job, 'evaluation'))
  const before = await evaluate('before')
  yield { kind: 'evaluation', round: 1, step: 0, run: before }

  let last = { round: 1, step: 0 }
  const options = { training, config, job: ending(job), packs, evaluate }
  try {
    for await (const event of trainRounds(model, trainable, data, prepared, options)) {
      if (event.kind === 'step') last = { round: event.round, step: event.step.step }
      else if (event.kind === 'checkpoint') last = { round: event.round, step: event.step }
      yield event
    }
  } catch (error) {
    if (!job.stop?.aborted || error !== job.stop.reason) throw error
  }

  const after = await evaluate('after')
  yield { kind: 'evaluation', ...last, run: after }
  yield { kind: 'done', comparison: compareRuns(before, after, set.prompts) }
}

async function* trainRounds(
  model: Model,
  trainable: Trainable,
  data: TrainingData,
  prepared: PreparedData,
  options: Omit<RoundOptions, 'round'>,
): AsyncGenerator<TrainingEvent, void, undefined> {
  const { config, job } = options
  for (let round = 1; round <= (config.rounds ?? 1); round++) {
    const isSampled = round > 1 && config.answers === 'sampled'
    const { examples, dropped } = isSampled
      ? await sampleRound(model, trainable, data, prepared, { config, job, round })
      : { examples: prepared.examples, dropped: [] }
    if (round > 1) yield { kind: 'round', round, examples: examples.length, dropped }
    if (examples.length === 0) throw new JobError(`round ${round} has no pair: ${dropped[0]?.reason}`)
    yield* trainRound(trainable, examples, { ...options, round })
  }
}

/** What training is ended by, `stop` too: what is measured after it is not. */
const ending = ({ signal, stop, ...job }: TrainingJobOptions): TrainingJobOptions => ({
  ...job,
  ...(signal || stop ? { signal: AbortSignal.any([signal, stop].filter(one => one !== undefined)) } : {}),
})

/** The model with the template that it is trained with, in place of its own. */
export function templated(model: Model, { template }: TrainingConfig): Model {
  if (!template) return model
  return { ...model, tokenizer: withTemplate(model.tokenizer, jobTemplates[template]!) }
}

function nothingLeft({ report, dropped, heldOut }: PreparedData): string {
  const [first] = dropped
  if (heldOut.length > 0) return `all ${heldOut.length} examples are held out; lower evalSplit`
  return first
    ? `none of ${report.read} examples can be trained on; the first: ${first.reason}`
    : 'there is no example to train on'
}

const watched = ({ signal, onProgress }: TrainingJobOptions, phase: TrainingPhase) => ({
  ...(signal ? { signal } : {}),
  onProgress: (done: number, total: number) => onProgress?.(phase, done, total),
})

async function evaluationSet(
  model: Model,
  trainable: Trainable,
  data: TrainingData,
  examples: readonly Example[],
  {
    config,
    training,
    job,
    start,
  }: {
    readonly config: TrainingConfig
    readonly training: TrainOptions
    readonly job: TrainingJobOptions
    readonly start: LoraAdapter | null
  },
): Promise<EvaluationSet> {
  const { loss, reference } = training
  const progress = watched(job, 'reference')
  const compared = start ? { network: start.network, adapter: start.map } : null
  return {
    ...{ model, loss, examples, seed: config.seed, maxTokens: config.evalTokens ?? 1 },
    prompts: promptsOf(data, examples).slice(0, config.evalAnswers ?? 0),
    references: await startingReferences(trainable, loss, examples, reference, progress),
    reference: typeof reference === 'object' ? reference : compared,
  }
}

/** The conversations up to the answers of examples, each once. */
export function promptsOf(data: TrainingData, examples: readonly Example[]): (readonly Turn[])[] {
  const places = new Set(examples.map(({ index }) => index))
  const entries = data.kind === 'rows' ? data.rows : data.kind === 'pairs' ? data.pairs : data.answers
  return entries.flatMap((entry): (readonly Turn[])[] => {
    if (!places.has(entry.index)) return []
    if ('prompt' in entry) return [entry.prompt]
    const last = entry.turns.findLastIndex(({ role }) => role === 'assistant')
    return last > 0 ? [entry.turns.slice(0, last)] : []
  })
}
