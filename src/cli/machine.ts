import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import {
  type Encoder,
  type FileDigest,
  f32,
  filesFromFolder,
  type Gpu,
  loadEncoder,
  loadModel,
  loadTokenizer,
  type Manifest,
  type Model,
  type ModelFiles,
  modelDigests,
  openGpu,
  openModelFiles,
  type Tokenizer,
  tuneGpu,
  tuningCache,
  withTemplate,
} from '../index'
import type { Context } from './command'
import type { ModelArguments } from './model-arguments'
import { UsageError } from './options'
import { refusal } from './refusal'

/** The demonstration model that comes with the package. */
export const bundledModel = () => fileURLToPath(new URL('../demo/public/model', import.meta.url))

/** The GPU and the model of a command, each opened when it is first asked for and closed with it. */
export class Machine implements Disposable {
  readonly #context: Context
  readonly #wanted: ModelArguments
  #gpu: Gpu | null = null
  #files: ModelFiles | null = null
  #model: Model | null = null
  #encoder: Encoder | null = null
  #tokenizer: Tokenizer | null = null

  readonly #host: Machine | null

  /** @param host whose GPU is used, and who closes it: it is closed after this one */
  constructor(wanted: ModelArguments, context: Context, host: Machine | null = null) {
    this.#wanted = wanted
    this.#context = context
    this.#host = host
  }

  async gpu(): Promise<Gpu> {
    if (this.#host) return this.#host.gpu()
    if (this.#gpu) return this.#gpu
    const gpu = await openGpu()
    const slow = gpu.software ? ' (software: slow, for trying things out)' : ''
    this.#context.progress.note(`GPU: ${gpu.adapterName}${slow}`)
    this.#gpu = gpu
    await this.#tune(gpu)
    return gpu
  }

  /** Once for each GPU: what was found is kept beside the models. */
  async #tune(gpu: Gpu): Promise<void> {
    const { progress, signal } = this.#context
    const { dropped } = await tuneGpu(gpu, {
      cache: tuningCache(this.#wanted.opening.store),
      signal,
      onProgress: fraction => progress.update('kernels', fraction, 'trying which are fastest here, once'),
    })
    for (const { profile, reason } of dropped)
      progress.note(`kernels '${profile}' are not used here: ${reason}`)
  }

  /** The model's files. @throws {UsageError} if there is no such model */
  async files(): Promise<ModelFiles> {
    if (this.#files) return this.#files
    const { source, opening } = this.#wanted
    const { progress, signal } = this.#context
    if (source === null) this.#files = filesFromFolder(bundledModel())
    else {
      const onProgress: NonNullable<typeof opening.onProgress> = ({ path, loaded, total }) =>
        progress.update('download', total ? loaded / total : 0, path)
      await this.#checkFolder(source)
      const files = await openModelFiles(source, { ...opening, signal, onProgress }).catch(refusal)
      if (!(await files.has('config.json').catch(refusal))) {
        throw new UsageError(`${files.name}: there is no config.json, so it is no model of Hugging Face`)
      }
      this.#files = files
    }
    return this.#files
  }

  /** A folder takes none of the Hub's options. @throws {UsageError} */
  async #checkFolder(source: string): Promise<void> {
    const [first] = this.#wanted.hubOptions
    const isFolder = await stat(source).then(
      found => found.isDirectory(),
      () => false,
    )
    if (isFolder && first)
      throw new UsageError(`--${first} is for models of the Hub, and ${source} is a folder`)
  }

  async model(): Promise<Model> {
    if (this.#model) return this.#model
    const { progress, signal } = this.#context
    const { storage } = this.#wanted
    const onProgress = (fraction: number) => progress.update('model', fraction)
    const gpu = await this.gpu()
    const model = await loadModel(gpu, await this.files(), { signal, onProgress, storage })
    this.#tokenizer = this.#templated(model.tokenizer)
    this.#model = { ...model, tokenizer: this.#tokenizer }
    return this.#model
  }

  /** The model as an encoder. */
  async encoder(): Promise<Encoder> {
    const { progress, signal } = this.#context
    const { storage } = this.#wanted
    const onProgress = (fraction: number) => progress.update('model', fraction)
    const options = { signal, onProgress, storage }
    this.#encoder ??= await loadEncoder(await this.gpu(), await this.files(), options)
    return this.#encoder
  }

  /** The model's tokenizer, which needs no GPU. */
  async tokenizer(): Promise<Tokenizer> {
    this.#tokenizer ??= this.#templated(await loadTokenizer(await this.files()))
    return this.#tokenizer
  }

  #templated(tokenizer: Tokenizer): Tokenizer {
    const { template } = this.#wanted
    return template ? withTemplate(tokenizer, template.value) : tokenizer
  }

  /** What was used of it so far, for a manifest. */
  async used(): Promise<{ gpu: Gpu | null; model: Manifest['model'] }> {
    const { source, storage, template } = this.#wanted
    const files = this.#files
    const model = files && {
      name: source === null ? 'bundled' : files.name,
      files: await modelDigests(files, path => digestSource(files, path)),
      ...(storage === f32 ? {} : { storage: storage.name }),
      ...(template ? { template: template.name } : {}),
    }
    return { gpu: this.#gpu, model }
  }

  [Symbol.dispose](): void {
    this.#model?.[Symbol.dispose]()
    this.#encoder?.[Symbol.dispose]()
    this.#gpu?.[Symbol.dispose]()
  }
}

/** Bytes hashed at a time. */
const PIECE = 8 * 2 ** 20

async function digestSource(files: ModelFiles, path: string): Promise<FileDigest> {
  const source = await files.open(path)
  const hash = createHash('sha256')
  for (let at = 0; at < source.size; at += PIECE) {
    hash.update(await source.read(at, Math.min(source.size, at + PIECE)))
  }
  return { name: path, bytes: source.size, sha256: hash.digest('hex') }
}
