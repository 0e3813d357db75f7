import {
  filesFromList,
  filesFromUrl,
  type Gpu,
  type LoadedScorer,
  LoraAdapter,
  loadModel,
  loadScorer,
  type Model,
  type ModelFiles,
  openGpu,
  type PeftAdapter,
} from '../../src/index'
import type { DeviceInfo, ModelInfo, ModelSource } from '../protocol'

/** Everything that lives on the GPU. It can be lost at any time, so nothing is kept here alone but weights of files. */
export class Engine implements Disposable {
  #files: ModelFiles | null = null
  #model: Model | null = null
  #scorer: LoadedScorer | null = null
  #adapter: LoraAdapter | null = null

  private constructor(readonly gpu: Gpu) {}

  /** @param onLost called with the reason when the device goes away by itself */
  static async open(onLost: (reason: string) => void): Promise<Engine> {
    const gpu = await openGpu()
    void gpu.device.lost.then(({ reason, message }) => {
      if (reason !== 'destroyed') onLost(`${gpu.adapterName}: ${message || 'the device was lost'}`)
    })
    return new Engine(gpu)
  }

  get info(): DeviceInfo {
    return { name: this.gpu.adapterName, software: this.gpu.software }
  }

  get model(): Model {
    if (!this.#model) throw new Error('No model is loaded yet.')
    return this.#model
  }

  get files(): ModelFiles {
    if (!this.#files) throw new Error('No model is loaded yet.')
    return this.#files
  }

  get scorer(): LoadedScorer {
    if (!this.#scorer) throw new Error('No model is loaded yet.')
    return this.#scorer
  }

  get adapter(): LoraAdapter | null {
    return this.#adapter
  }

  /** Loads the model at this address, or the one in these files, in place of the present one. */
  async load(
    source: ModelSource,
    signal: AbortSignal,
    onProgress: (fraction: number) => void,
  ): Promise<ModelInfo> {
    const bundled = typeof source === 'string'
    const files = bundled ? filesFromUrl(source) : filesFromList(source)
    const model = await loadModel(this.gpu, files, { signal, onProgress })
    let scorer: LoadedScorer
    try {
      scorer = await loadScorer(model, files)
    } catch (error) {
      model[Symbol.dispose]()
      throw error
    }
    this.#release()
    this.#files = files
    this.#model = model
    this.#scorer = scorer
    const { weights, maxPositions } = model.network
    const shapes = [...weights.values()].map(({ shape }) => shape.reduce((a, b) => a * b, 1))
    return {
      name: bundled ? 'bundled' : files.name,
      bundled,
      parameters: shapes.reduce((a, b) => a + b, 0),
      context: maxPositions,
      vocabulary: model.tokenizer.size,
      scorers: scorer.trained,
    }
  }

  /** Takes an adapter of the present model in place of the one before. */
  adopt(adapter: LoraAdapter | null): void {
    this.#adapter?.[Symbol.dispose]()
    this.#adapter = adapter
  }

  /** Brings an adapter back that was read from another device. */
  restore(adapter: PeftAdapter): void {
    this.adopt(LoraAdapter.fromPeft(this.model.network, adapter))
  }

  #release(): void {
    this.adopt(null)
    this.#scorer?.[Symbol.dispose]()
    this.#model?.[Symbol.dispose]()
    this.#scorer = null
    this.#model = null
  }

  [Symbol.dispose](): void {
    this.#release()
    this.gpu[Symbol.dispose]()
  }
}
