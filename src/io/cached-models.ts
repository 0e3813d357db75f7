import { HUB, hubAddress } from './hub-address'
import { isEntry, type ModelStore } from './model-store'
import {
  commitsOf,
  lastUsed,
  modelFolder,
  presence,
  readRecord,
  readRef,
  refsOf,
  removeRecord,
  removeUnused,
} from './revision-record'

/** A model at one commit, as far as it is in a store. */
export interface CachedModel {
  readonly id: string
  readonly endpoint: string
  readonly commit: string
  /** Branches and tags that stood for this commit when they were last looked up. */
  readonly revisions: readonly string[]
  /** Bytes on disk; files that another commit of the model has too count for both. */
  readonly bytes: number
  /** Bytes of the model when it is complete. */
  readonly size: number
  /** Whether all is there that computing with it takes. */
  readonly complete: boolean
  readonly lastUsed: Date | null
}

/** The models in a store, by id and then by their last use, the latest first. */
export async function listModels(store: ModelStore): Promise<CachedModel[]> {
  const found: CachedModel[] = []
  for (const folder of await foldersOf(store)) {
    const refs = await refsOf(store, folder)
    for (const commit of await commitsOf(store, folder)) {
      const record = await readRecord(store, folder, commit)
      if (!record) continue
      const { endpoint, info } = record
      found.push({
        id: info.id,
        endpoint,
        commit,
        revisions: refs.filter(ref => ref.commit === commit).map(({ revision }) => revision),
        ...(await presence(store, folder, info.files)),
        size: info.bytes,
        lastUsed: await lastUsed(store, folder, commit),
      })
    }
  }
  const time = (model: CachedModel) => model.lastUsed?.getTime() ?? 0
  return found.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : time(b) - time(a)))
}

/**
 * Removes a model from a store, or only a revision of it: a branch, tag or commit. Says whether it was there. Throws
 * `StoreBusyError` while it is being downloaded.
 */
export async function removeModel(
  store: ModelStore,
  id: string,
  { revision, endpoint = HUB }: { revision?: string; endpoint?: string } = {},
): Promise<boolean> {
  const address = hubAddress(id, { endpoint, ...(revision !== undefined && { revision }) })
  const folder = modelFolder(address)
  const remove = async () => {
    if (revision === undefined) {
      const isThere = (await store.list(folder)).length > 0
      await store.remove(folder)
      return isThere
    }
    const commit = await readRef(store, folder, revision)
    if (commit === null || !(await commitsOf(store, folder)).includes(commit)) return false
    await removeRecord(store, folder, commit)
    await removeUnused(store, folder)
    return true
  }
  return store.lock(`${folder}/download`, remove, { wait: false })
}

/** Removes all models from a store. Throws `StoreBusyError` while one is being downloaded. */
export async function clearModels(store: ModelStore): Promise<void> {
  for (const folder of await foldersOf(store))
    await store.lock(`${folder}/download`, () => store.remove(folder), { wait: false })
}

const foldersOf = async (store: ModelStore) => (await store.list('')).filter(isEntry)
