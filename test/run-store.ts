import { onTestFinished } from 'vitest'
import { folderStore } from '../src/io/folder-store'
import { nodeModules } from '../src/io/node-modules'
import { hasOpfs, opfsStore } from '../src/io/opfs-store'
import type { RunStore } from '../src/io/run-store'

/** An empty store that is gone after the test: a folder in Node, the browser's own file system elsewhere. */
export function temporaryStore(): RunStore {
  const name = `tabtune-test-${crypto.randomUUID()}`
  const node = nodeModules()
  if (!node) {
    if (!hasOpfs()) throw new Error('this browser has no file system of the page')
    const folder = `${name}/run`
    onTestFinished(async () => {
      await (await navigator.storage.getDirectory()).removeEntry(name, { recursive: true }).catch(() => {})
    })
    return opfsStore(folder)
  }
  const folder = node.path.join(process.getBuiltinModule('node:os').tmpdir(), name)
  onTestFinished(() => node.fs.rm(folder, { recursive: true, force: true }))
  return folderStore(folder)
}

/** The whole content of a file that must be there. */
export async function contentOf(store: RunStore, path: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await store.read(path)
  if (!bytes) throw new Error(`${path} is not there`)
  return bytes
}

/** What an ended process leaves of a file that it was writing. */
export const leftover = (file: string): string => `.${file}.${crypto.randomUUID()}.unfinished`
