import { stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type FileDigest,
  type Gpu,
  loadModel,
  loadTokenizer,
  type Model,
  type ModelFiles,
  modelDigests,
  openGpu,
  type Tokenizer,
} from '../index'
import { filesFromFolder } from '../io/model-files-node'
import type { Context } from './command'
import { digestFile } from './files'
import { UsageError } from './options'

/** The demonstration model that comes with the package. */
const bundledModel = () => fileURLToPath(new URL('../demo/public/model', import.meta.url))

/** The GPU and the model of a command, each opened when it is first asked for and closed with it. */
export class Machine implements Disposable {
  readonly #context: Context
  readonly #folder: string | null
  #gpu: Gpu | null = null
  #files: ModelFiles | null = null
  #model: Model | null = null
  #tokenizer: Tokenizer | null = null

  /** @param folder of the model; null for the bundled one */
  constructor(folder: string | null, context: Context) {
    this.#folder = folder
    this.#context = context
  }

  async gpu(): Promise<Gpu> {
    if (this.#gpu) return this.#gpu
    const gpu = await openGpu()
    const slow = gpu.software ? ' (software: slow, for trying things out)' : ''
    this.#context.progress.note(`GPU: ${gpu.adapterName}${slow}`)
    this.#gpu = gpu
    return gpu
  }

  /** The files of the model's folder. @throws {UsageError} if it is not there */
  async files(): Promise<ModelFiles> {
    if (this.#files) return this.#files
    const path = this.#path
    await stat(path).catch(() => {
      throw new UsageError(`${path}: there is no such model folder`)
    })
    this.#files = filesFromFolder(path)
    return this.#files
  }

  async model(): Promise<Model> {
    if (this.#model) return this.#model
    const { progress, signal } = this.#context
    const onProgress = (fraction: number) => progress.update('model', fraction)
    this.#model = await loadModel(await this.gpu(), await this.files(), { signal, onProgress })
    this.#tokenizer = this.#model.tokenizer
    return this.#model
  }

  /** The model's tokenizer, which needs no GPU. */
  async tokenizer(): Promise<Tokenizer> {
    this.#tokenizer ??= await loadTokenizer(await this.files())
    return this.#tokenizer
  }

  get #path(): string {
    return this.#folder ?? bundledModel()
  }

  /** What was used of it so far, for a manifest. */
  async used(): Promise<{ gpu: Gpu | null; model: { name: string; files: FileDigest[] } | null }> {
    const model = this.#files && {
      name: this.#folder === null ? 'bundled' : basename(resolve(this.#folder)),
      files: await modelDigests(this.#files, path => digestFile(join(this.#path, path), path)),
    }
    return { gpu: this.#gpu, model }
  }

  [Symbol.dispose](): void {
    this.#model?.[Symbol.dispose]()
    this.#gpu?.[Symbol.dispose]()
  }
}
