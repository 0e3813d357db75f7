import { proxy } from 'comlink'
import { GpuError, generate, type ModelInfo as HubInfo, type PairFile, readPairs } from '../../src/index'
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
} from '../protocol'
import { Engine } from './engine'
import { LongCalls, type OnProgress } from './long-calls'
import { ModelShelf } from './model-shelf'
import { outputFiles } from './outputs'
import { described, type Input, need } from './results'
import { RowSession } from './row-session'
import { TrainingSession } from './training-session'

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
  readonly #calls = new LongCalls()
  readonly #shelf = new ModelShelf(() => this.#gpu.gpu, this.#calls)
  readonly shelf = proxy(this.#shelf)
  readonly rows = proxy(new RowSession(() => this.#gpu, this.#calls))
  readonly training = proxy(new TrainingSession(() => this.#trainingInputs(), this.#calls))
  #pairs: Input<PairFile> | null = null
  #answers: readonly AnswerPair[] = []

  /** Opens the GPU, again if it was lost. What was read and computed stays. */
  async open(onLost: (reason: string) => void, onTuning: OnProgress): Promise<DeviceInfo> {
    this.#engine?.[Symbol.dispose]()
    this.#engine = null
    this.#engine = await Engine.open(onLost, onTuning)
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
    const { trained } = this.training
    if (trained?.adapter) this.#gpu.restore(trained.adapter, trained.config)
    else this.training.forget()
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

  async readPairs(given: GivenPairs, onProgress: OnProgress): Promise<FileSummary> {
    const { file, ...how } = given
    const read = await readPairs(file, { ...how, ...this.#calls.reading(onProgress) })
    this.#pairs = { file: read, ...(await described(given, read)) }
    return this.#pairs.summary
  }

  /** Prompts of pairs with a single turn, to try the model with. */
  prompts(): string[] {
    const pairs = this.#pairs?.file.pairs ?? []
    return pairs.flatMap(({ prompt }) => (prompt.length === 1 ? [prompt[0]!.content] : [])).slice(0, 100)
  }

  /** Answers without the adapter, then with it if there is one. Cancelled, it keeps what was written so far. */
  async answer(
    prompt: string,
    settings: AnswerSettings,
    onText: (side: 'before' | 'after', text: string) => void,
  ): Promise<void> {
    const { model, tuned } = this.#gpu
    const signal = this.#calls.begin()
    const answers = { before: '', after: '' }
    const turns = [{ role: 'user', content: prompt }] as const
    const options = { ...settings, signal }
    const write = async (side: 'before' | 'after', pieces: AsyncIterable<string>) => {
      for await (const text of pieces) {
        answers[side] += text
        onText(side, text)
      }
    }
    try {
      // Both in the template that it was trained with.
      const before = tuned ? { ...model, tokenizer: tuned.model.tokenizer } : model
      await write('before', generate(before, turns, options))
      if (tuned)
        await write('after', generate(tuned.model, turns, { ...options, adapter: tuned.trainable.map }))
    } catch (error) {
      if (!signal.aborted) throw error
    }
    if (tuned && answers.after) this.#answers = [...this.#answers, { prompt, ...answers }]
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
      trained: this.training.trained,
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
    this.training.forget()
    this.#answers = []
  }

  #trainingInputs() {
    const { rows } = this
    return {
      ...{ engine: this.#gpu, rows: rows.input, selected: rows.selected, pairs: this.#pairs },
      ...{ model: this.#model, choice: this.#choice, listed: this.#info },
      bundled: placeOf(this.#bundled),
    }
  }

  get #gpu(): Engine {
    return need(this.#engine, 'GPU')
  }
}

/** The address of a model that comes with the page. */
const placeOf = (choice: ModelChoice | null): string =>
  choice?.place.kind === 'bundled' ? choice.place.address : ''
