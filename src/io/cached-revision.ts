import type { HubAddress } from './hub-address'
import { HubError, isPassing } from './hub-error'
import { fetchInfo, type ModelInfo, type ModelInfoOptions } from './model-info'
import { isFull, type ModelStore } from './model-store'
import {
  isCommit,
  modelFolder,
  presence,
  readRecord,
  readRef,
  refsOf,
  removeRecord,
  writeRecord,
  writeRef,
} from './revision-record'
import { wantedFiles } from './wanted-files'

/**
 * The listing of a model at a revision. A commit that the store knows needs no request. A branch or tag is looked up
 * on the Hub, so that the model of today is used; without an answer, the store says what it was last.
 *
 * @throws {HubError} if the Hub has no such model, or gives no answer and the store knows none
 */
export async function findRevision(
  store: ModelStore,
  address: HubAddress,
  options: ModelInfoOptions & { offline?: boolean },
): Promise<ModelInfo> {
  const known = await readKnown(store, address, options.include)
  if (known?.commit === address.revision) return known
  if (options.offline || globalThis.navigator?.onLine === false) {
    if (known) return known
    throw new HubError(
      'offline',
      `${address.id}: revision '${address.revision}' is not in the cache (${store.name}); load it once with a connection`,
    )
  }
  try {
    // With something to fall back on, nobody has to wait.
    return await renewRevision(store, address, known ? { ...options, retry: { tries: 1 } } : options)
  } catch (error) {
    if (known && isPassing(error)) return known
    throw error
  }
}

/** Asks the Hub, whatever the store knows. */
export async function renewRevision(
  store: ModelStore,
  address: HubAddress,
  options: ModelInfoOptions,
): Promise<ModelInfo> {
  const info = await fetchInfo(address, options)
  try {
    await keepRevision(store, address, info)
  } catch (error) {
    // Said when files are stored, with what is needed and what may go.
    if (!isFull(error)) throw error
  }
  return info
}

async function readKnown(
  store: ModelStore,
  address: HubAddress,
  include: ModelInfoOptions['include'],
): Promise<ModelInfo | null> {
  const folder = modelFolder(address)
  const commit = await readRef(store, folder, address.revision)
  const record = commit && (await readRecord(store, folder, commit))
  if (!record || record.endpoint !== address.endpoint) return null
  const { files } = record.info
  const paths = files.map(({ path }) => path)
  const wanted = wantedFiles(paths, include)
  return {
    ...record.info,
    files: files.map(file => ({ ...file, wanted: wanted.has(file.path) })),
    bytes: files.reduce((sum, { path, size }) => sum + (wanted.has(path) ? size : 0), 0),
  }
}

async function keepRevision(
  store: ModelStore,
  { id, endpoint, revision }: HubAddress,
  info: ModelInfo,
): Promise<void> {
  const folder = modelFolder({ id, endpoint })
  const known = await readRecord(store, folder, info.commit)
  const isKnown = JSON.stringify(known) === JSON.stringify({ endpoint, info })
  // Nothing is written where nothing is new: the store may be one that others have filled, to be read only.
  if (isKnown && (await readRef(store, folder, revision)) === info.commit) return
  await store.lock(`${folder}/revisions`, async () => {
    await writeRecord(store, folder, { endpoint, info })
    if (isCommit(revision)) return
    const before = await readRef(store, folder, revision)
    if (before === info.commit) return
    await writeRef(store, folder, revision, info.commit)
    if (before !== null) await dropUnfinished(store, folder, before)
  })
}

/** A commit that a branch has left, and whose download was never finished, will not be continued. */
async function dropUnfinished(store: ModelStore, folder: string, commit: string): Promise<void> {
  const record = await readRecord(store, folder, commit)
  if (!record || (await refsOf(store, folder)).some(ref => ref.commit === commit)) return
  if (!(await presence(store, folder, record.info.files)).complete) await removeRecord(store, folder, commit)
}
