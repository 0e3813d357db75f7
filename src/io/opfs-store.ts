import { blobSource, ModelFilesError } from './byte-source'
import { StoreBusyError } from './model-store'
import { writeOpfsFile } from './opfs-file'
import type { RunStore } from './run-store'

/** Whether this browser has a file system of the page's own, which needs https or localhost. */
export const hasOpfs = (): boolean =>
  typeof globalThis.navigator?.storage?.getDirectory === 'function' && navigator.locks !== undefined

/**
 * Models, or a training run, in the origin private file system of the browser, in a folder of its own, which may lie
 * in others: `tabtune-runs/first`.
 */
export function opfsStore(folder = 'tabtune-models'): RunStore {
  const open = async (parts: readonly string[], create: boolean) => {
    if (!hasOpfs())
      throw new ModelFilesError(
        'this browser gives the page no file system of its own: it must come over https or from localhost, and not in a private window',
      )
    let at = await navigator.storage.getDirectory()
    for (const part of [...folder.split('/'), ...parts]) at = await at.getDirectoryHandle(part, { create })
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
    async open(path) {
      const [parts, name] = split(path)
      return orNull(async () =>
        blobSource(await (await (await open(parts, false)).getFileHandle(name)).getFile(), path),
      )
    },
    async write(path, content) {
      const [parts, name] = split(path)
      await writeOpfsFile(await open(parts, true), name, content)
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
        if (!lock) throw new StoreBusyError(`${name}: another tab is working on it; close that one first`)
        return work()
      })
    },
  }
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
