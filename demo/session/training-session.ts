import {
  type FloatDtype,
  type ModelInfo as HubInfo,
  hasOpfs,
  type LabelledFile,
  opfsStore,
  type PairFile,
  type RowFile,
  readLabelled,
  type TrainingConfig,
} from '../../src/index'
import type { ModelChoice } from '../model-protocol'
import type { FileSummary, Given, ModelInfo, OutputFile } from '../protocol'
import type {
  DataChoice,
  GivenLabelled,
  KeptRun,
  TrainingEvent,
  TrainingPlan,
  TrainingResult,
} from '../training-protocol'
import type { Selected } from './curation'
import type { Engine } from './engine'
import { judged } from './judged'
import type { LongCalls, OnProgress } from './long-calls'
import { referenceNames } from './reference-model'
import { described, type Input, need, type Trained } from './results'
import { RunKeeper, type RunRecord, type SeenSteps } from './run-record'
import { runTraining } from './run-training'
import { type LearnedFrom, learnedFrom } from './training-data'
import { TrainingPlanner } from './training-plan'
import { ggufFile, modelFilesOf } from './tuned-files'

/** What a training takes from the rest of the session. */
export interface TrainingInputs {
  readonly engine: Engine
  readonly rows: Input<RowFile> | null
  readonly selected: Selected | null
  readonly pairs: Input<PairFile> | null
  readonly model: ModelInfo | null
  readonly choice: ModelChoice | null
  /** What the Hub said of the model, where it is kept from there. */
  readonly listed: HubInfo | null
  /** The address of the bundled model. */
  readonly bundled: string
}

/** Where the one training that is kept lies in the browser's storage. */
const FOLDER = 'tabtune-training'

/** The training of a session: what it learns from, how it goes, and what is kept of it. */
export class TrainingSession {
  readonly #inputs: () => TrainingInputs
  readonly #calls: LongCalls
  /** Null where the browser keeps no files for a page. */
  readonly #keeper = hasOpfs() ? new RunKeeper(opfsStore(FOLDER)) : null
  readonly #planner = new TrainingPlanner()
  #labelled: Input<LabelledFile> | null = null
  #trained: Trained | null = null
  #stop = new AbortController()
  #hasSteps = false
  /** Resolves when it goes on; null unless it pauses. */
  #pause: Gate | null = null

  constructor(inputs: () => TrainingInputs, calls: LongCalls) {
    this.#inputs = inputs
    this.#calls = calls
  }

  get trained(): Trained | null {
    return this.#trained
  }

  /** Drops what was trained, with the model that it was trained on. */
  forget(): void {
    this.#planner.forget()
    this.#trained = null
  }

  async readLabelled(given: GivenLabelled, onProgress: OnProgress): Promise<FileSummary> {
    const { file, ...how } = given
    const read = await readLabelled(file, { ...how, ...this.#calls.reading(onProgress) })
    this.#labelled = { file: read, ...(await described(given, read)) }
    return this.#labelled.summary
  }

  plan(config: TrainingConfig, choice: DataChoice): Promise<TrainingPlan> {
    const { engine } = this.#inputs()
    return this.#planner.plan(engine.model, this.#from(config, choice), config)
  }

  /**
   * Trains. Ended after its first step, it keeps what was trained so far.
   *
   * @param resume goes on from the last checkpoint that is kept, with the data of then
   */
  async train(
    config: TrainingConfig,
    how: { readonly keep: boolean; readonly resume: boolean; readonly data: DataChoice },
    onEvent: (event: TrainingEvent) => void,
  ): Promise<TrainingResult> {
    const { engine, model, choice, listed, bundled } = this.#inputs()
    const kept = how.resume ? need(await this.#keeper!.kept(), 'kept training') : null
    const from = kept ? this.#from(config, kept.data.choice, kept.data.rows) : this.#from(config, how.data)
    this.#trained = null
    this.#stop = new AbortController()
    this.#hasSteps = false
    const { storage } = need(model, 'model')
    const signal = this.#calls.begin()
    const keeper = how.keep || kept ? this.#keeper : null
    if (keeper && !kept) await keeper.begin(recordOf(config, from, how.data, model!, choice))
    this.#trained = await runTraining({
      ...{ engine, config, from, keeper, seen: kept, listed, storage, bundled, signal },
      stop: this.#stop.signal,
      onEvent: event => {
        this.#hasSteps ||= event.kind === 'step'
        onEvent(event)
      },
      paused: () => this.#pause?.passed ?? null,
    })
    return this.#trained.result
  }

  /**
   * Ends the training after the step that is under way, and measures what was trained; asked again, or before the first
   * step, at once.
   */
  stop(): void {
    if (this.#hasSteps && !this.#stop.signal.aborted) this.#stop.abort()
    else this.#calls.cancel()
    this.pause(false)
  }

  /** Lets the model's scorer judge the answers that were written before and after. */
  async judge(onProgress: OnProgress): Promise<TrainingResult> {
    const trained = need(this.#trained, 'training results')
    const { answers } = need(trained.comparison, 'answers')
    const winRate = await judged(
      answers,
      this.#inputs().engine.scorer.scorer,
      this.#calls.begin(),
      onProgress,
    )
    const result = { ...trained.result, winRate }
    this.#trained = { ...trained, result }
    return result
  }

  exportModel(dtype: FloatDtype, onProgress: OnProgress): Promise<OutputFile[]> {
    const { engine } = this.#inputs()
    const tuned = need(engine.tuned, 'trained weights')
    return modelFilesOf(tuned, engine.files, dtype, this.#calls.begin(), onProgress)
  }

  exportGguf(): Promise<OutputFile> {
    const { adapter } = need(this.#trained, 'training results')
    return ggufFile(need(adapter, 'adapter'), this.#inputs().engine.files)
  }

  /** Lets the GPU rest after the step that is under way, or go on. */
  pause(paused: boolean): void {
    if (paused) this.#pause ??= gate()
    else {
      this.#pause?.open()
      this.#pause = null
    }
  }

  /** The training that is kept, if there is one. */
  async kept(): Promise<KeptRun | null> {
    const kept = (await this.#keeper?.kept()) ?? null
    if (!kept) return null
    const { config, step, totalSteps, written, model, data, bytes } = kept
    return {
      ...{ config, step, totalSteps, model, bytes },
      written: new Date(written),
      data: { name: data.name, here: data.here, choice: data.choice },
    }
  }

  /** What the kept training has shown until its last checkpoint. */
  async seen(): Promise<SeenSteps> {
    return need(await this.#keeper!.kept(), 'kept training')
  }

  /** The file that the kept training learns from, where it is kept too. */
  async data(): Promise<Given | null> {
    return (await this.#keeper?.data()) ?? null
  }

  /** Models that the trained one can be compared with. */
  references(): Promise<string[]> {
    return referenceNames()
  }

  async discard(): Promise<void> {
    await this.#keeper?.discard()
  }

  #from(config: TrainingConfig, choice: DataChoice, rows: readonly number[] | null = null): LearnedFrom {
    const { rows: file, selected, pairs } = this.#inputs()
    const kept = rows ?? (choice.rows === 'selected' ? need(selected, 'selected rows').selection.kept : null)
    return learnedFrom(config.method, choice, { rows: file, kept, pairs, labelled: this.#labelled })
  }
}

interface Gate {
  readonly passed: Promise<void>
  open(): void
}

function gate(): Gate {
  let open = () => {}
  const passed = new Promise<void>(resolve => {
    open = resolve
  })
  return { passed, open }
}

function recordOf(
  config: TrainingConfig,
  { input, rows }: LearnedFrom,
  choice: DataChoice,
  { name, template }: ModelInfo,
  model: ModelChoice | null,
): Omit<RunRecord, 'data'> & { readonly data: Given & RunRecord['data'] } {
  // The files of a folder are the visitor's: they are not copied.
  const again = model?.place.kind === 'folder' ? null : model
  return {
    config,
    model: { name, choice: again, template },
    data: { ...input.given, here: false, choice, rows },
  }
}
