import {
  type DataEvent,
  type ModelInfo as HubInfo,
  type Model,
  type RunComparison,
  type TrainingConfig,
  type TrainingJobOptions,
  trainingJob,
} from '../../src/index'
import type { StorageName } from '../model-protocol'
import type { TrainingEvent } from '../training-protocol'
import type { Engine } from './engine'
import { digestsOf } from './model-digests'
import { referenceModel } from './reference-model'
import type { Trained } from './results'
import type { RunKeeper, SeenSteps } from './run-record'
import { StepLog } from './step-log'
import type { LearnedFrom } from './training-data'

export interface Run {
  readonly engine: Engine
  readonly config: TrainingConfig
  readonly from: LearnedFrom
  /** Null for a training that is lost with the tab. */
  readonly keeper: RunKeeper | null
  /** What the kept training, which goes on, has shown. */
  readonly seen: SeenSteps | null
  /** What the Hub said of the model, where it is kept from there. */
  readonly listed: HubInfo | null
  readonly storage: StorageName
  /** The address of the bundled model. */
  readonly bundled: string
  /** Ends it at once. */
  readonly signal: AbortSignal
  /** Ends it after the step that is under way; what was trained is measured then. */
  readonly stop: AbortSignal
  readonly onEvent: (event: TrainingEvent) => void
  /** What to wait for before the next step; null to go on. */
  paused(): Promise<void> | null
}

const labels = {
  reference: 'Measuring the model as it is',
  evaluation: 'Measuring',
  sampling: 'Writing new answers',
} as const

/**
 * Trains, and makes the engine's what was trained. Ended after its first step, it keeps what the last step made.
 *
 * @throws the signal's reason when it is aborted before the first step's results are there
 */
export async function runTraining(run: Run): Promise<Trained> {
  const { engine, config, from, signal, listed } = run
  const tuned = await engine.tune(config, signal)
  const log = new StepLog(config, run.seen)
  const came: Came = { data: null, comparison: null }
  try {
    using reference = await openReference(run)
    const job = await jobOptions(run, reference)
    for await (const event of trainingJob(tuned.model, tuned.trainable, from.data, config, job)) {
      if (event.kind === 'data') {
        came.data = event
        log.expect(event.totalSteps)
      } else if (event.kind === 'done') came.comparison = event.comparison
      else if (event.kind !== 'damaged') await tell(event, run, log)
    }
  } catch (error) {
    if (!signal.aborted || log.steps.length === 0) {
      engine.forgetTuned()
      throw error
    }
  }
  const { data, comparison } = came
  return {
    ...{ config, input: from.input, data: data!, comparison },
    result: log.result(config, comparison),
    adapter: await tuned.toPeft(listed?.id ?? null),
  }
}

interface Came {
  data: DataEvent | null
  comparison: RunComparison | null
}

type Told = Extract<JobEvent, { readonly kind: 'round' | 'step' | 'evaluation' | 'checkpoint' }>
type JobEvent = ReturnType<typeof trainingJob> extends AsyncGenerator<infer E> ? E : never

async function tell(event: Told, { config, keeper, onEvent, paused }: Run, log: StepLog): Promise<void> {
  const { round } = event
  switch (event.kind) {
    case 'round':
      return onEvent({ kind: 'round', round, rounds: config.rounds ?? 1 })
    case 'step':
      onEvent({ kind: 'step', step: log.step(round, event.step) })
      await paused()
      return
    case 'evaluation':
      return onEvent({
        kind: 'evaluation',
        evaluation: log.evaluation(round, event.step, event.run),
      })
    case 'checkpoint': {
      const [step, resumed] = [log.place(round, event.step), event.how === 'resumed']
      if (!resumed) await keeper?.noteSteps(log, step)
      onEvent({ kind: 'checkpoint', step, resumed })
    }
  }
}

async function jobOptions(run: Run, reference: Model | null): Promise<TrainingJobOptions> {
  const { engine, config, keeper, seen, listed, signal, stop, onEvent } = run
  return {
    ...{ store: keeper?.store ?? null, resume: seen !== null, reference, signal, stop },
    scorer: config.answers === 'sampled' ? { scorer: engine.scorer.scorer } : null,
    fingerprint: { model: JSON.stringify(await digestsOf(engine.files, listed)) },
    onProgress: (phase, done, total) => onEvent({ kind: 'work', label: labels[phase], done, total }),
  }
}

async function openReference({ engine, config, bundled, storage, signal }: Run): Promise<Model | null> {
  const { reference, referenceModel: name } = config
  if (reference !== 'model' || !name) return null
  return referenceModel(engine.gpu, name, { bundled, storage, model: engine.model, signal })
}
