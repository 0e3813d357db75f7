import { sha256Of } from './content-hash'
import { HUB, type HubAddress } from './hub-address'
import type { ListedFile, ModelInfo } from './model-info'
import { isEntry, type ModelStore } from './model-store'
import { StoredFile } from './stored-file'

/** What a store knows of a model at one commit. */
export interface RevisionRecord {
  readonly endpoint: string
  readonly info: ModelInfo
}

/** The folder of a model in a store. Ids have no '--'; a mirror may have another model under the same id. */
export function modelFolder({ id, endpoint }: Pick<HubAddress, 'id' | 'endpoint'>): string {
  const name = id.replace('/', '--')
  return endpoint === HUB ? name : `${name}@${endpoint.replace(/^https?:\/\//, '').replace(/[^\w.-]+/g, '_')}`
}

export const isCommit = (revision: string): boolean => /^[0-9a-f]{40}$/.test(revision)

const recordPath = (folder: string, commit: string) => `${folder}/revisions/${commit}.json`

/** A branch may have a slash in its name, which must make no folder. */
const refPath = (folder: string, revision: string) => `${folder}/refs/${encodeURIComponent(revision)}`

/** What the store knows of a commit; null for a record that is not there or is damaged. */
export async function readRecord(
  store: ModelStore,
  folder: string,
  commit: string,
): Promise<RevisionRecord | null> {
  const text = await textOf(store, recordPath(folder, commit))
  const end = text.indexOf('\n')
  const json = text.slice(end + 1)
  if (end < 0 || text.slice(0, end) !== (await sha256Of(encode(json)))) return null
  return JSON.parse(json) as RevisionRecord
}

/** Keeps a record, behind its own SHA-256. */
export async function writeRecord(store: ModelStore, folder: string, record: RevisionRecord): Promise<void> {
  const json = JSON.stringify(record)
  const path = recordPath(folder, record.info.commit)
  await store.write(path, encode(`${await sha256Of(encode(json))}\n${json}`))
}

export async function removeRecord(store: ModelStore, folder: string, commit: string): Promise<void> {
  await store.remove(recordPath(folder, commit))
  await store.remove(`${folder}/used/${commit}`)
  for (const ref of await refsOf(store, folder))
    if (ref.commit === commit) await store.remove(refPath(folder, ref.revision))
}

/** The commits that have a record. */
export const commitsOf = async (store: ModelStore, folder: string): Promise<string[]> =>
  (await store.list(`${folder}/revisions`)).map(name => name.replace(/\.json$/, '')).filter(isCommit)

/** The commit that a branch or tag stood for when it was last looked up; null where that is not known. */
export async function readRef(store: ModelStore, folder: string, revision: string): Promise<string | null> {
  const commit = isCommit(revision) ? revision : await textOf(store, refPath(folder, revision))
  return isCommit(commit) ? commit : null
}

export const writeRef = (store: ModelStore, folder: string, revision: string, commit: string) =>
  store.write(refPath(folder, revision), encode(commit))

export const refsOf = async (store: ModelStore, folder: string) =>
  Promise.all(
    (await store.list(`${folder}/refs`)).filter(isEntry).map(async name => ({
      revision: decodeURIComponent(name),
      commit: await textOf(store, `${folder}/refs/${name}`),
    })),
  )

/** Says that a model was used now. */
export const touch = (store: ModelStore, folder: string, commit: string): Promise<void> =>
  store.write(`${folder}/used/${commit}`, encode(new Date().toISOString()))

export async function lastUsed(store: ModelStore, folder: string, commit: string): Promise<Date | null> {
  const used = new Date(await textOf(store, `${folder}/used/${commit}`))
  return Number.isNaN(used.getTime()) ? null : used
}

/** How much of a listing is in the store, and whether all of it is that computing takes. */
export async function presence(
  store: ModelStore,
  folder: string,
  files: readonly ListedFile[],
): Promise<{ bytes: number; complete: boolean }> {
  let bytes = 0
  let complete = true
  // Equal files are kept once; one of them may be wanted.
  for (const digest of new Set(files.map(file => file.digest))) {
    const same = files.filter(file => file.digest === digest)
    const stored = await StoredFile.open(store, folder, same[0]!)
    bytes += stored.present
    if (!stored.isComplete && same.some(file => file.wanted)) complete = false
  }
  return { bytes, complete }
}

/** Removes the files that no record lists, and the model with its last record. */
export async function removeUnused(store: ModelStore, folder: string): Promise<void> {
  const listed = new Set<string>()
  for (const commit of await commitsOf(store, folder))
    for (const { digest } of (await readRecord(store, folder, commit))?.info.files ?? []) listed.add(digest)
  if (listed.size === 0) return store.remove(folder)
  for (const digest of await store.list(`${folder}/blobs`))
    if (!listed.has(digest)) await store.remove(`${folder}/blobs/${digest}`)
}

const encode = (text: string) => new TextEncoder().encode(text)

async function textOf(store: ModelStore, path: string): Promise<string> {
  const bytes = await store.read(path)
  return bytes ? new TextDecoder().decode(bytes) : ''
}
