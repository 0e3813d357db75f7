import { ModelFilesError } from './byte-source'
import { type ModelStore, StoreBusyError } from './model-store'

/** Only in a worker; the types that come with the DOM leave it out. */
interface SyncFileHandle {
  createSyncAccessHandle(): Promise<{
    truncate(size: number): void
    write(bytes: Uint8Array, options: { at: number }): number
    flush(): void
    close(): void
  }>
}

/** Whether this browser has a file system of the page's own, which needs https or localhost. */
export const hasOpfs = (): boolean =>
  typeof globalThis.navigator?.storage?.getDirectory === 'function' && navigator.locks !== undefined

/**
 * Models in the origin private file system of the browser, in a folder of its own. In a worker files are written
 * through sync access handles, which Safari has nothing but and which are faster; elsewhere through writable streams.
 */
export function opfsStore(folder = 'tabtune-models'): ModelStore {
  const open = async (parts: readonly string[], create: boolean) => {
    if (!hasOpfs())
      throw new ModelFilesError(
        'this browser gives the page no file system of its own: it must come over https or from localhost, and not in a private window',
      )
    let at = await navigator.storage.getDirectory()
    for (const part of [folder, ...parts]) at = await at.getDirectoryHandle(part, { create })
    return at
  }
  const split = (path: string): [string[], string] => {
    const parts = path.split('/')
    return [parts.slice(0, -1), parts.at(-1)!]
  }
  return {
    name: "the browser's storage for this page",
    async read(path) {
      const [parts, name] = split(path)
      return orNull(async () => {
        const file = await (await (await open(parts, false)).getFileHandle(name)).getFile()
        return new Uint8Array(await file.arrayBuffer())
      })
    },
    async write(path, bytes) {
      const [parts, name] = split(path)
      const parent = await open(parts, true)
      try {
        await writeFile(await parent.getFileHandle(name, { create: true }), bytes)
      } catch (error) {
        await parent.removeEntry(name).catch(() => {})
        throw error
      }
    },
    async remove(path) {
      const [parts, name] = split(path)
      await orNull(async () => (await open(parts, false)).removeEntry(name, { recursive: true }))
    },
    async list(path) {
      const names = await orNull(async () => {
        const found: string[] = []
        for await (const name of (await open(path.split('/').filter(Boolean), false)).keys()) found.push(name)
        return found
      })
      return names ?? []
    },
    async free() {
      const { quota, usage } = await navigator.storage.estimate()
      return quota === undefined ? null : Math.max(0, quota - (usage ?? 0))
    },
    async persist() {
      // Workers may not ask; a page that has asked before is answered without asking its visitor again.
      if (typeof navigator.storage.persist === 'function') await navigator.storage.persist()
    },
    async lock(name, work, { signal, wait = true } = {}) {
      const options = wait ? { ...(signal && { signal }) } : { ifAvailable: true }
      return navigator.locks.request(`${folder}/${name}`, options, lock => {
        if (!lock) throw new StoreBusyError(`${name}: another tab is downloading it; close that one first`)
        return work()
      })
    },
  }
}

async function writeFile(handle: FileSystemFileHandle, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  if ('createSyncAccessHandle' in handle) {
    const access = await (handle as FileSystemFileHandle & SyncFileHandle).createSyncAccessHandle()
    try {
      access.truncate(0)
      const written = access.write(bytes, { at: 0 })
      access.flush()
      if (written !== bytes.length)
        throw new DOMException(`${written} of ${bytes.length} bytes could be written`, 'QuotaExceededError')
    } finally {
      access.close()
    }
    return
  }
  const stream = await handle.createWritable()
  try {
    await stream.write(bytes)
  } catch (error) {
    await stream.abort().catch(() => {})
    throw error
  }
  await stream.close()
}

async function orNull<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof DOMException && ['NotFoundError', 'TypeMismatchError'].includes(error.name))
      return null
    throw error
  }
}
