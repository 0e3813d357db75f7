import { defaultStore, filesFromUrl, type Gpu, listModels, loadModel, type Model } from '../../src/index'
import type { StorageName } from '../model-protocol'
import { keptFiles } from './model-facts'
import { storages } from './storages'

/** The models that another can be compared with: those that are kept here, and the bundled one. */
export async function referenceNames(): Promise<string[]> {
  const store = defaultStore()
  const kept = store ? await listModels(store) : []
  return ['bundled', ...kept.filter(({ complete }) => complete).map(({ id }) => id)]
}

/**
 * Loads the model that another is compared with. Nothing is asked of anybody.
 *
 * @throws {Error} if it is not kept here, or has another vocabulary
 */
export async function referenceModel(
  gpu: Gpu,
  name: string,
  {
    bundled,
    storage,
    model,
    signal,
  }: {
    /** The address of the bundled model. */
    readonly bundled: string
    readonly storage: StorageName
    /** The one that is compared. */
    readonly model: Model
    readonly signal: AbortSignal
  },
): Promise<Model> {
  const loaded = await loadModel(gpu, await filesOf(name, bundled), { storage: storages[storage], signal })
  const [here, there] = [model.tokenizer.size, loaded.tokenizer.size]
  if (here === there) return loaded
  loaded[Symbol.dispose]()
  throw new Error(
    `referenceModel ${name} has ${there} tokens, the model ${here}: log-probs compare only with one tokenizer`,
  )
}

async function filesOf(name: string, bundled: string) {
  if (name === 'bundled') return filesFromUrl(bundled)
  const store = defaultStore()
  const kept = (store ? await listModels(store) : []).find(({ id, complete }) => id === name && complete)
  if (store && kept) return keptFiles({ kind: 'kept', id: name, commit: kept.commit }, store)
  throw new Error(`referenceModel ${name} is not kept in this browser: download it in Model first`)
}
