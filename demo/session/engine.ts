import {
  type Gpu,
  type LoadedScorer,
  LoraAdapter,
  loadModel,
  loadScorer,
  type Model,
  type ModelFiles,
  openGpu,
  type PeftAdapter,
  ScorerError,
  type TrainingConfig,
  tuneGpu,
  tuningCache,
  withTemplate,
} from '../../src/index'
import type { ModelChoice, TemplateName } from '../model-protocol'
import type { DeviceInfo, ModelInfo } from '../protocol'
import type { OnProgress } from './long-calls'
import { parametersOf } from './model-size'
import { storages } from './storages'
import { templates, templatesFor } from './templates'
import { Tuned } from './tuned'

/** Everything that lives on the GPU. It can be lost at any time, so nothing is kept here alone but weights of files. */
export class Engine implements Disposable {
  #loaded: Loaded | null = null
  #tuned: Tuned | null = null

  private constructor(readonly gpu: Gpu) {}

  /**
   * @param onLost called with the reason when the device goes away by itself
   * @param onTuning called with the share that is done while kernels are tried: once for each GPU
   */
  static async open(onLost: (reason: string) => void, onTuning: OnProgress): Promise<Engine> {
    const gpu = await openGpu()
    void gpu.device.lost.then(({ reason, message }) => {
      if (reason !== 'destroyed') onLost(`${gpu.adapterName}: ${message || 'the device was lost'}`)
    })
    const engine = new Engine(gpu)
    try {
      await tuneGpu(gpu, { cache: tuningCache(), onProgress: onTuning })
    } catch (error) {
      engine[Symbol.dispose]()
      throw error
    }
    return engine
  }

  get info(): DeviceInfo {
    return { name: this.gpu.adapterName, software: this.gpu.software }
  }

  get hasModel(): boolean {
    return this.#loaded !== null
  }

  get model(): Model {
    return this.#present.model
  }

  get files(): ModelFiles {
    return this.#present.files
  }

  /** @throws {ScorerError} if the model cannot score */
  get scorer(): LoadedScorer {
    const { scorer, reason } = this.#present.scores
    if (!scorer) throw new ScorerError(reason ?? '')
    return scorer
  }

  /** What was trained of the model. */
  get tuned(): Tuned | null {
    return this.#tuned
  }

  /**
   * Loads the model in these files in place of the present one. One that takes much memory is given up first: without
   * the bundled model, a failure leaves no model.
   */
  async load(
    files: ModelFiles,
    { storage, place }: ModelChoice,
    signal: AbortSignal,
    onProgress: (fraction: number) => void,
  ): Promise<ModelInfo> {
    if (this.#loaded && !this.#loaded.info.bundled) this.#release()
    const model = await loadModel(this.gpu, files, { storage: storages[storage], signal, onProgress })
    let scores: Scores
    try {
      scores = await scoresOf(model, files)
    } catch (error) {
      model[Symbol.dispose]()
      throw error
    }
    this.#release()
    const { weights, maxPositions } = model.network
    const { hasChatTemplate } = model.tokenizer
    const bundled = place.kind === 'bundled'
    const names = templatesFor(model.tokenizer)
    const info = {
      name: bundled ? 'bundled' : files.name,
      bundled,
      kept: place.kind === 'kept' ? place : null,
      storage,
      weightBytes: [...weights.values()].reduce((sum, { bytes }) => sum + bytes, 0),
      parameters: parametersOf(weights),
      context: maxPositions,
      vocabulary: model.tokenizer.size,
      scorers: scores.scorer?.trained ?? false,
      noScores: scores.reason,
      ownTemplate: hasChatTemplate,
      templates: names,
      template: null,
    }
    this.#loaded = { files, original: model, model, scores, info }
    return hasChatTemplate ? info : this.write(names[0] ?? null)
  }

  /** Writes conversations with another template; null for the model's own. What was trained was trained with the one before. */
  write(template: TemplateName | null): ModelInfo {
    const loaded = this.#present
    const { original } = loaded
    const tokenizer = template ? withTemplate(original.tokenizer, templates[template]) : original.tokenizer
    this.forgetTuned()
    loaded.model = { ...original, tokenizer }
    loaded.info = { ...loaded.info, template }
    return loaded.info
  }

  /** Makes what a config trains, in place of what was trained before. */
  async tune(config: TrainingConfig, signal: AbortSignal): Promise<Tuned> {
    this.forgetTuned()
    this.#tuned = await Tuned.create(this.model, this.files, config, signal)
    return this.#tuned
  }

  /** Brings an adapter back that was read from another device. */
  restore(adapter: PeftAdapter, config: TrainingConfig): void {
    this.forgetTuned()
    this.#tuned = Tuned.of(this.model, LoraAdapter.fromPeft(this.model.network, adapter), config)
  }

  forgetTuned(): void {
    this.#tuned?.[Symbol.dispose]()
    this.#tuned = null
  }

  get #present(): Loaded {
    if (!this.#loaded) throw new Error('No model is loaded yet.')
    return this.#loaded
  }

  #release(): void {
    this.forgetTuned()
    this.#loaded?.scores.scorer?.[Symbol.dispose]()
    this.#loaded?.original[Symbol.dispose]()
    this.#loaded = null
  }

  [Symbol.dispose](): void {
    this.#release()
    this.gpu[Symbol.dispose]()
  }
}

interface Loaded {
  readonly files: ModelFiles
  readonly original: Model
  /** With the chat template that is used. */
  model: Model
  readonly scores: Scores
  info: ModelInfo
}

type Scores =
  | { readonly scorer: LoadedScorer; readonly reason: null }
  | { readonly scorer: null; readonly reason: string }

/** A model that cannot score can still be trained and asked. */
async function scoresOf(model: Model, files: ModelFiles): Promise<Scores> {
  try {
    return { scorer: await loadScorer(model, files), reason: null }
  } catch (error) {
    if (error instanceof ScorerError) return { scorer: null, reason: error.message }
    throw error
  }
}
