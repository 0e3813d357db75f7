import type { Pair } from '../data/row'
import type { EvaluatedRun } from '../evaluation/compare-runs'
import type { RunStore } from '../io/run-store'
import { counterHash } from '../losses/draw'
import type { Loss } from '../losses/loss'
import type { Model } from '../models/load-model'
import { type Example, type ExampleOf, sequencesOf } from '../training/examples'
import { packSequences } from '../training/pack-sequences'
import { type TrainOptions, train } from '../training/train'
import type { Trainable } from '../training/trainable'
import { ConfigError } from './config-error'
import { samplePairs } from './sampled-pairs'
import { subStore } from './sub-store'
import { type LeftOut, type PreparedData, prepareData, type TrainingData } from './training-data'
import type { TrainingEvent, TrainingJobOptions } from './training-events'
import type { TrainingConfig } from './training-fields'

/** Sequences that share a pass, where the config packs them. */
export const packsOf = (
  examples: readonly Example[],
  { packing }: TrainingConfig,
  { maxLength }: PreparedData,
): readonly (readonly number[])[] | null =>
  packing
    ? packSequences(
        examples.map(example => ({ ids: sequencesOf(example)[0]! })),
        { maxLength },
      )
    : null

export interface RoundOptions {
  readonly training: TrainOptions
  readonly config: TrainingConfig
  readonly job: TrainingJobOptions
  /** From 1. */
  readonly round: number
  readonly packs: readonly (readonly number[])[] | null
  /** Measures what is trained, as it is. */
  readonly evaluate: (name: string) => Promise<EvaluatedRun>
}

/** Trains once through, from what is trained as it is: that is the reference, where one is needed. */
export async function* trainRound(
  trainable: Trainable,
  examples: readonly Example[],
  { training, config, job, round, packs, evaluate }: RoundOptions,
): AsyncGenerator<TrainingEvent, void, undefined> {
  const pending: TrainingEvent[] = []
  const isFirst = round === 1
  // With its adapter off, the model would be what it was before the first round.
  const copies = !isFirst && training.reference === 'live'
  const store = storeOf(job.store ?? null, config, round)
  const { signal, onProgress, resume = false, fingerprint = {} } = job
  const steps = train(trainable, examples as readonly ExampleOf<Loss>[], {
    ...training,
    ...(copies ? { reference: 'copy' } : {}),
    ...(packs ? { packs } : {}),
    ...(signal ? { signal } : {}),
    onReference: (done, total) => onProgress?.('reference', done, total),
    ...(config.evalSteps === null ? {} : { pause: { everySteps: config.evalSteps, run: measure } }),
    ...(store
      ? {
          checkpoint: {
            store,
            resume,
            ...cadence(config),
            fingerprint: { ...fingerprint, round: String(round) },
            onCheckpoint: (step, how) => pending.push({ kind: 'checkpoint', round, step, how }),
            onDamaged: ({ message }) => pending.push({ kind: 'damaged', reason: message }),
          },
        }
      : {}),
  })
  for await (const step of steps) {
    yield* pending.splice(0)
    yield { kind: 'step', round, step }
  }
  yield* pending.splice(0)

  async function measure(step: number): Promise<void> {
    pending.push({ kind: 'evaluation', round, step, run: await evaluate(`step ${step}`) })
  }
}

/** Each round has a store of its own, where there are several. */
const storeOf = (store: RunStore | null, { rounds }: TrainingConfig, round: number): RunStore | null =>
  store && rounds !== undefined ? subStore(store, `round-${round}`) : store

function cadence({ checkpointSteps, checkpointSeconds }: TrainingConfig) {
  return {
    ...(checkpointSteps === null ? {} : { everySteps: checkpointSteps }),
    everySeconds: checkpointSeconds ?? Number.POSITIVE_INFINITY,
  }
}

/**
 * New pairs for a round: answers of what is trained to the prompts of the pairs that are trained on.
 *
 * @throws {ConfigError} if no scorer is given to rank them
 */
export async function sampleRound(
  model: Model,
  { map }: Pick<Trainable, 'map'>,
  data: TrainingData,
  prepared: PreparedData,
  { config, job, round }: Pick<RoundOptions, 'config' | 'job' | 'round'>,
): Promise<{ readonly examples: readonly Example[]; readonly dropped: readonly LeftOut[] }> {
  const { scorer, signal, onProgress } = job
  if (!scorer) throw new ConfigError('answers are sampled, and no scorer is given to rank them', 'answers')
  const places = new Set(prepared.examples.map(({ index }) => index))
  const prompts: readonly Pair[] =
    data.kind === 'pairs' ? data.pairs.filter(({ index }) => places.has(index)) : []
  const { pairs, dropped } = await samplePairs(model, prompts, {
    ...scorer,
    ...{
      adapter: map,
      samples: config.samples!,
      temperature: config.temperature!,
      maxTokens: config.answerTokens!,
    },
    seed: counterHash(config.seed, round),
    ...(signal ? { signal } : {}),
    onProgress: (done, total) => onProgress?.('sampling', done, total),
  })
  const { examples, dropped: refused } = prepareData(
    model,
    { kind: 'pairs', pairs },
    { ...config, evalSplit: 0 },
  )
  return { examples, dropped: [...dropped, ...refused] }
}
