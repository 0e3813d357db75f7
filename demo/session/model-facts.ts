import {
  cachedHubFiles,
  fetchModel,
  filesFromList,
  type Gpu,
  HubError,
  listModels,
  ModelError,
  type ModelFiles,
  ModelFilesError,
  type ModelInfo,
  type ModelStore,
  modelInfo,
} from '../../src/index'
import { endpoint, hubOptions } from '../hub'
import type { FolderPlace, HubPlace, KeptPlace, ListedFile, LookUp, ModelFacts } from '../model-protocol'
import { memoryStore } from './memory-store'
import { sizeOf } from './model-size'

/** What is looked up with, and where models are kept, if the browser keeps any. */
export interface LookUpContext {
  readonly gpu: Gpu
  readonly store: ModelStore | null
  readonly signal: AbortSignal
}

/** Finds out what a model is, from its listing and its config.json; nothing else is asked for. */
export async function lookUp(place: ModelFacts['place'], context: LookUpContext): Promise<LookUp> {
  if (place.kind === 'folder') return { facts: await folderFacts(place, context) }
  if (place.kind === 'kept') return { facts: await keptFacts(place, context) }
  try {
    return { facts: await hubFacts(place, context) }
  } catch (error) {
    if (!(error instanceof HubError)) throw error
    const kept = error.reason === 'offline' ? await keptOf(place, context) : null
    if (kept) return { facts: await keptFacts(kept, context) }
    return { refusal: { reason: error.reason, message: error.message, wantsToken: wantsToken(error) } }
  }
}

async function hubFacts(place: HubPlace, context: LookUpContext): Promise<ModelFacts> {
  const { store, signal } = context
  const options = { ...hubOptions(place), signal, retry: { tries: 2 } }
  const info = await modelInfo(place.id, options)
  const files = cachedHubFiles(place.id, { ...options, revision: info.commit, store: memoryStore() })
  const all = store ? await listModels(store) : []
  const kept = all.find(({ id, commit }) => id === info.id && commit === info.commit)
  return {
    ...listed(info),
    place,
    present: Math.min(kept?.bytes ?? 0, info.bytes),
    keeps: store !== null,
    size: await sizeOrReason(files, wanted(info), context),
  }
}

async function keptFacts(place: KeptPlace, context: LookUpContext): Promise<ModelFacts> {
  const { store } = context
  if (!store) throw new ModelFilesError(`${place.id}: this browser keeps no models`)
  const info = await keptInfo(place, store)
  return {
    ...listed(info),
    place,
    present: info.bytes,
    keeps: true,
    size: await sizeOrReason(keptFiles(place, store), wanted(info), context),
  }
}

async function folderFacts(place: FolderPlace, context: LookUpContext): Promise<ModelFacts> {
  const { name, files } = place
  const weights = /\.(?:safetensors|json|jinja)$/
  const found = [...files].flatMap(([path, { size }]) => (weights.test(path) ? [{ path, bytes: size }] : []))
  const bytes = found.reduce((sum, file) => sum + file.bytes, 0)
  return {
    place,
    name,
    commit: null,
    license: null,
    page: null,
    gated: false,
    files: found,
    bytes,
    present: bytes,
    keeps: false,
    size: await sizeOrReason(folderFiles(place), found, context),
  }
}

export const folderFiles = ({ name, files }: FolderPlace): ModelFiles => filesFromList(new Map(files), name)

/** The files of a model that is wholly here. */
export const keptFiles = ({ id, commit }: KeptPlace, store: ModelStore): ModelFiles =>
  cachedHubFiles(id, { ...hubOptions({ revision: commit, token: null }), store, offline: true })

/** What the Hub said of a model that is wholly here. */
export const keptInfo = ({ id, commit }: KeptPlace, store: ModelStore): Promise<ModelInfo> =>
  fetchModel(id, { ...hubOptions({ revision: commit, token: null }), store, offline: true })

/** Without the Hub: the model as it is kept, if it is. */
async function keptOf({ id, revision }: HubPlace, { store }: LookUpContext): Promise<KeptPlace | null> {
  const found = (store ? await listModels(store) : []).find(
    model =>
      model.id === id &&
      model.complete &&
      (model.commit === revision || model.revisions.includes(revision ?? 'main')),
  )
  return found ? { kind: 'kept', id, commit: found.commit } : null
}

const wanted = ({ files }: ModelInfo): ListedFile[] =>
  files.flatMap(({ path, size, wanted }) => (wanted ? [{ path, bytes: size }] : []))

const listed = (info: ModelInfo) => ({
  name: info.id,
  commit: info.commit,
  license: info.license,
  page: `${endpoint}/${info.id}`,
  gated: info.gated,
  files: wanted(info),
  bytes: info.bytes,
})

async function sizeOrReason(
  files: ModelFiles,
  list: readonly ListedFile[],
  { gpu }: LookUpContext,
): Promise<ModelFacts['size']> {
  try {
    const size = await sizeOf(files, gpu)
    if (list.some(({ path }) => path.endsWith('.safetensors'))) return size
    return {
      unusable: `${files.name} has no weights as safetensors; choose a version of it that has, such as a revision where they were converted`,
      wantsToken: false,
    }
  } catch (error) {
    if (!(error instanceof ModelError || error instanceof ModelFilesError)) throw error
    return { unusable: error.message, wantsToken: error instanceof HubError && wantsToken(error) }
  }
}

/** A missing model may be a private one. */
const wantsToken = ({ reason }: HubError) => ['gated', 'refused', 'missing'].includes(reason)
