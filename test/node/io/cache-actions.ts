import { cachedHubFiles } from '../../../src/io/cached-hub-files'
import { type CachedModel, clearModels, listModels, removeModel } from '../../../src/io/cached-models'
import { sha256Of } from '../../../src/io/content-hash'
import { opfsStore } from '../../../src/io/opfs-store'

export interface Where {
  readonly endpoint: string
  readonly token?: string
  readonly offline?: boolean
  readonly repair?: boolean
}

export interface Failed {
  readonly name: string
  readonly message: string
  readonly needed?: number
  readonly free?: number | null
  readonly models?: readonly CachedModel[]
}

const store = opfsStore()

/** What a page or a worker is asked to do with its cache. */
export const actions = {
  /** SHA-256 of a file of a model, read through the cache, or the error. */
  async digest(id: string, path: string, where: Where): Promise<string | Failed> {
    try {
      const files = cachedHubFiles(id, { store, retry: { tries: 1 }, ...where })
      const source = await files.open(path)
      return await sha256Of(await source.read(0, source.size))
    } catch (error) {
      const { name, message, needed, free, models } = error as Failed
      return {
        name,
        message,
        ...(needed !== undefined && { needed, free: free ?? null, models: models ?? [] }),
      }
    }
  },
  list: () => listModels(store),
  remove: (id: string, endpoint: string) => removeModel(store, id, { endpoint }),
  clear: () => clearModels(store),
  /** Bytes of the first piece of a file in the cache, which may have been begun only. */
  async begun(digest: string): Promise<number> {
    const handle = await firstPiece(digest).catch(() => null)
    return handle ? (await handle.getFile()).size : 0
  },
  /** Changes one bit of the first piece of a file in the cache. */
  async flip(digest: string, at: number): Promise<void> {
    const handle = (await firstPiece(digest))!
    const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer())
    bytes[at]! ^= 1
    const stream = await handle.createWritable()
    await stream.write(bytes)
    await stream.close()
  },
  /** Whether files are written through sync access handles here. */
  isSync: async () => 'createSyncAccessHandle' in FileSystemFileHandle.prototype,
}

async function firstPiece(digest: string): Promise<FileSystemFileHandle | null> {
  const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('tabtune-models')
  for await (const model of root.values()) {
    const blobs = await (model as FileSystemDirectoryHandle).getDirectoryHandle('blobs')
    for await (const piece of (await blobs.getDirectoryHandle(digest)).values())
      if (piece.name.startsWith('000000-')) return piece as FileSystemFileHandle
  }
  return null
}

export type Actions = typeof actions
