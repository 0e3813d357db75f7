import { proxy } from 'comlink'
import {
  type EncodedPairs,
  encodeForJob,
  GpuError,
  generate,
  type ModelInfo as HubInfo,
  type JobOptions,
  type PairFile,
  readPairs,
} from '../../src/index'
import type { ModelChoice, TemplateName } from '../model-protocol'
import type {
  AnswerPair,
  AnswerSettings,
  DeviceInfo,
  FileSummary,
  GivenPairs,
  LoadOutcome,
  ModelInfo,
  OutputFile,
  TrainingEvent,
  TrainingPlan,
  TrainingResult,
} from '../protocol'
import { Engine } from './engine'
import { LongCalls, type OnProgress } from './long-calls'
import { ModelShelf } from './model-shelf'
import { outputFiles } from './outputs'
import { described, type Input, need, type Trained } from './results'
import { RowSession } from './row-session'
import { runTraining } from './run-training'
import { planTraining } from './training-plan'

/**
 * One visitor's work, in the worker: the data, the results, and the engine on the GPU. Long calls take a callback and
 * end early at `cancel`. The page makes one long call at a time.
 */
export class Session {
  #engine: Engine | null = null
  #model: ModelInfo | null = null
  /** What the Hub said of it. */
  #info: HubInfo | null = null
  #choice: ModelChoice | null = null
  /** The first choice. */
  #bundled: ModelChoice | null = null
  #encoded: { readonly maxLength: number; readonly value: EncodedPairs } | null = null
  readonly #calls = new LongCalls()
  readonly #shelf = new ModelShelf(() => this.#gpu.gpu, this.#calls)
  readonly shelf = proxy(this.#shelf)
  readonly rows = proxy(new RowSession(() => this.#gpu, this.#calls))
  #pairs: Input<PairFile> | null = null
  #trained: Trained | null = null
  #answers: readonly AnswerPair[] = []

  /** Opens the GPU, again if it was lost. What was read and computed stays. */
  async open(onLost: (reason: string) => void): Promise<DeviceInfo> {
    this.#engine?.[Symbol.dispose]()
    this.#engine = null
    this.#engine = await Engine.open(onLost)
    return this.#engine.info
  }

  /**
   * Replaces the model. What was computed with the one before is dropped. If it cannot be loaded and the one before is
   * gone, the bundled one takes its place.
   */
  async loadModel(choice: ModelChoice, onProgress: OnProgress): Promise<LoadOutcome> {
    this.#bundled ??= choice
    const before = this.#model
    try {
      this.#model = await this.#load(choice, onProgress)
      this.#forget()
      return { model: this.#model, failure: null, loaded: true }
    } catch (error) {
      // A device that failed does nothing more.
      if (this.#gpu.hasModel || before === null || error instanceof GpuError) throw error
      this.#forget()
      this.#model = await this.#load(this.#bundled, onProgress)
      const { name, message } = error as Error
      return { model: this.#model, failure: name === 'AbortError' ? null : { name, message }, loaded: false }
    }
  }

  /** After `open`: the same model once more, with the adapter that was trained. */
  async reloadModel(onProgress: OnProgress): Promise<ModelInfo> {
    const template = this.#model?.template ?? null
    this.#model = await this.#load(need(this.#choice ?? this.#bundled, 'model'), onProgress)
    if (template !== this.#model.template) this.#model = this.#gpu.write(template)
    if (this.#trained) this.#gpu.restore(this.#trained.adapter)
    return this.#model
  }

  /** Writes conversations with another template; null for the model's own. What was trained and answered is dropped. */
  useTemplate(template: TemplateName | null): ModelInfo {
    this.#model = this.#gpu.write(template)
    this.#forgetTraining()
    return this.#model
  }

  /** Ends the long call that is running. */
  cancel(): void {
    this.#calls.cancel()
  }

  async readPairs({ file, ...how }: GivenPairs, onProgress: OnProgress): Promise<FileSummary> {
    const { name } = how
    const read = await readPairs(file, { ...how, ...this.#calls.reading(onProgress) })
    this.#pairs = { file: read, ...(await described(file, name, read)) }
    this.#gpu.adopt(null)
    this.#forgetTraining()
    return this.#pairs.summary
  }

  /** Prompts of pairs with a single turn, to try the model with. */
  prompts(): string[] {
    const pairs = this.#pairs?.file.pairs ?? []
    return pairs.flatMap(({ prompt }) => (prompt.length === 1 ? [prompt[0]!.content] : [])).slice(0, 100)
  }

  async plan(options: JobOptions): Promise<TrainingPlan> {
    return planTraining(this.#gpu.model, this.#encode(options), options)
  }

  /** Cancelled after its first step, it keeps the adapter as it is and measures it; cancelled again, it ends at once. */
  async train(options: JobOptions, onEvent: (event: TrainingEvent) => void): Promise<TrainingResult> {
    const encoded = this.#encode(options)
    this.#trained = null
    this.#answers = []
    const baseModel = this.#info?.id ?? null
    this.#trained = await runTraining(
      this.#gpu,
      encoded,
      options,
      baseModel,
      () => this.#calls.begin(),
      onEvent,
    )
    return this.#trained.result
  }

  /** Answers without the adapter, then with it if there is one. Cancelled, it keeps what was written so far. */
  async answer(
    prompt: string,
    settings: AnswerSettings,
    onText: (side: 'before' | 'after', text: string) => void,
  ): Promise<void> {
    const { model, adapter } = this.#gpu
    const signal = this.#calls.begin()
    const answers = { before: '', after: '' }
    const sides = adapter ? (['before', 'after'] as const) : (['before'] as const)
    try {
      for (const side of sides) {
        const map = side === 'after' ? adapter!.map : null
        const turns = [{ role: 'user', content: prompt }]
        for await (const text of generate(model, turns, { ...settings, adapter: map, signal })) {
          answers[side] += text
          onText(side, text)
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
    if (adapter && answers.after) this.#answers = [...this.#answers, { prompt, ...answers }]
  }

  /** Every file that the results so far give. */
  outputs(): Promise<OutputFile[]> {
    return outputFiles({
      gpu: this.#gpu.gpu,
      files: this.#gpu.files,
      listed: this.#info,
      model: need(this.#model, 'model'),
      rows: this.rows.input,
      pairs: this.#pairs,
      selected: this.rows.selected,
      trained: this.#trained,
      answers: this.#answers,
    })
  }

  async #load(choice: ModelChoice, onProgress: OnProgress): Promise<ModelInfo> {
    const signal = this.#calls.begin()
    const { files, info } = await this.#shelf.open(choice.place, signal)
    const model = await this.#gpu.load(files, choice, signal, onProgress)
    this.#choice = choice
    this.#info = info
    return model
  }

  /** Drops what was computed with the model before. */
  #forget(): void {
    this.rows.forgetScores()
    this.#forgetTraining()
  }

  #forgetTraining(): void {
    this.#encoded = null
    this.#trained = null
    this.#answers = []
  }

  get #gpu(): Engine {
    return need(this.#engine, 'GPU')
  }

  /** Tokenizing takes longer than all the rest of a plan, and depends on one option only. */
  #encode(options: JobOptions): EncodedPairs {
    const { maxLength } = options
    if (this.#encoded?.maxLength !== maxLength) {
      const { pairs } = need(this.#pairs, 'pairs').file
      this.#encoded = { maxLength, value: encodeForJob(this.#gpu.model, pairs, options) }
    }
    return this.#encoded.value
  }
}
