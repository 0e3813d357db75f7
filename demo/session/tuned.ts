import {
  f32,
  LoraAdapter,
  loadModel,
  type Model,
  type ModelFiles,
  makeTrainable,
  type PeftAdapter,
  type Trainable,
  type TrainingConfig,
  templated,
} from '../../src/index'

/** What is trained, or was: an adapter of the loaded model, or a model of its own all of whose weights are. */
export class Tuned implements Disposable {
  private constructor(
    /** With the template that it is trained with. */
    readonly model: Model,
    readonly trainable: Trainable | LoraAdapter,
    /** The copy whose weights are trained; null for an adapter. */
    readonly copy: Model | null,
  ) {}

  static of(model: Model, adapter: LoraAdapter, config: TrainingConfig): Tuned {
    return new Tuned(templated(model, config), adapter, null)
  }

  /** All weights are trained as a copy, so that the model as it was can still be asked, and trained anew. */
  static async create(
    model: Model,
    files: ModelFiles,
    config: TrainingConfig,
    signal: AbortSignal,
  ): Promise<Tuned> {
    if (config.trained !== 'full')
      return new Tuned(templated(model, config), makeTrainable(model.network, config), null)
    const copy = await loadModel(model.network.gpu, files, { storage: f32, signal })
    try {
      const trainable = makeTrainable(copy.network, config)
      return new Tuned(templated({ ...copy, tokenizer: model.tokenizer }, config), trainable, copy)
    } catch (error) {
      copy[Symbol.dispose]()
      throw error
    }
  }

  /** The adapter for files; null where all weights were trained. */
  async toPeft(baseModel: string | null): Promise<PeftAdapter | null> {
    return this.trainable instanceof LoraAdapter ? this.trainable.toPeft(baseModel) : null
  }

  [Symbol.dispose](): void {
    this.trainable[Symbol.dispose]()
    this.copy?.[Symbol.dispose]()
  }
}
