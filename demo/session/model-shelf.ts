import {
  clearModels,
  defaultStore,
  fetchModel,
  filesFromHub,
  filesFromUrl,
  type Gpu,
  type ModelInfo as HubInfo,
  listModels,
  type ModelFiles,
  removeModel,
} from '../../src/index'
import { endpoint, hubOptions } from '../hub'
import type { HubPlace, KeptPlace, LookUp, ModelFacts, ModelPlace, Shelf } from '../model-protocol'
import type { LongCalls } from './long-calls'
import { folderFiles, keptFiles, keptInfo, lookUp } from './model-facts'

/** Between two words on a download, in ms. */
const PAUSE = 150

/** The models that can be used: of the Hub, of a folder, and those that are kept in this browser. */
export class ModelShelf {
  readonly #gpu: () => Gpu
  readonly #calls: LongCalls
  /** Null where the browser keeps no files for a page: in private windows of some. */
  readonly #store = defaultStore()

  constructor(gpu: () => Gpu, calls: LongCalls) {
    this.#gpu = gpu
    this.#calls = calls
  }

  lookUp(place: ModelFacts['place']): Promise<LookUp> {
    return lookUp(place, { gpu: this.#gpu(), store: this.#store, signal: this.#calls.begin() })
  }

  /**
   * Downloads a model, or the rest of it. What came stays, whatever ends this.
   *
   * @param onBytes is told now and then how many bytes of it are here
   */
  async fetch(place: HubPlace, onBytes: (present: number) => void): Promise<KeptPlace> {
    if (!this.#store) throw new Error('This browser keeps no files for the page.')
    const { id } = place
    const options = { ...hubOptions(place), store: this.#store, signal: this.#calls.begin() }
    const present = new Map<string, number>()
    let told = 0
    const onProgress = ({ path, loaded }: { readonly path: string; readonly loaded: number }) => {
      present.set(path, loaded)
      const now = performance.now()
      if (now - told < PAUSE) return
      told = now
      onBytes([...present.values()].reduce((a, b) => a + b, 0))
    }
    const { commit } = await fetchModel(id, { ...options, onProgress })
    return { kind: 'kept', id, commit }
  }

  /** A model's files, wherever it is, and what the Hub said of those that are kept. */
  async open(
    place: ModelPlace,
    signal: AbortSignal,
  ): Promise<{ readonly files: ModelFiles; readonly info: HubInfo | null }> {
    if (place.kind === 'bundled') return { files: filesFromUrl(place.address), info: null }
    if (place.kind === 'folder') return { files: folderFiles(place), info: null }
    if (place.kind === 'hub') {
      return { files: filesFromHub(place.id, { ...hubOptions(place), signal }), info: null }
    }
    const store = this.#store!
    return { files: keptFiles(place, store), info: await keptInfo(place, store) }
  }

  /** What is kept, but for models of which no weights came. */
  async kept(): Promise<Shelf> {
    if (!this.#store) return { models: [], free: null }
    const all = await listModels(this.#store)
    return { models: all.filter(({ bytes }) => bytes > 0), free: await this.#store.free() }
  }

  async remove({ id, commit }: KeptPlace): Promise<Shelf> {
    if (this.#store) {
      const all = await listModels(this.#store)
      const isOnly = all.every(other => other.id !== id || other.commit === commit)
      await removeModel(this.#store, id, { endpoint, ...(isOnly ? {} : { revision: commit }) })
    }
    return this.kept()
  }

  async clear(): Promise<Shelf> {
    if (this.#store) await clearModels(this.#store)
    return this.kept()
  }
}
