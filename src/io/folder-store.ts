import { ModelFilesError } from './byte-source'
import { takeLock } from './folder-lock'
import type { ModelStore } from './model-store'
import { nodeModules } from './node-modules'

/**
 * Models in a folder on disk, for Node. Default: `$TABTUNE_CACHE`, or else `~/.cache/tabtune/models`. Throws
 * `ModelFilesError` in a browser.
 */
export function folderStore(folder?: string): ModelStore {
  const node = nodeModules()
  if (!node) throw new ModelFilesError('a folder store needs Node; in a browser use opfsStore()')
  const { fs, path, os, process } = node
  const root = path.resolve(
    folder ?? (process.env.TABTUNE_CACHE || path.join(os.homedir(), '.cache', 'tabtune', 'models')),
  )
  const locate = (entry: string) => path.join(root, ...entry.split('/'))
  return {
    name: root,
    async read(entry) {
      const bytes = await orNull(fs.readFile(locate(entry)))
      if (!bytes) return null
      // Small files come from a pool that they share; a reader may hand the buffer on.
      const isAlone = bytes.byteLength === bytes.buffer.byteLength
      return isAlone ? new Uint8Array(bytes.buffer as ArrayBuffer) : new Uint8Array(bytes)
    },
    async write(entry, bytes) {
      const target = locate(entry)
      // Under a name of its own until it is whole: a process may be killed here, and two may write the same file.
      const parent = path.dirname(target)
      const unfinished = path.join(parent, `.${path.basename(target)}.${crypto.randomUUID()}.unfinished`)
      await fs.mkdir(parent, { recursive: true })
      try {
        await fs.writeFile(unfinished, bytes)
        await fs.rename(unfinished, target)
      } catch (error) {
        await fs.rm(unfinished, { force: true })
        throw error
      }
    },
    remove: entry => fs.rm(locate(entry), { recursive: true, force: true }),
    list: async entry => (await orNull(fs.readdir(locate(entry)))) ?? [],
    async free() {
      await fs.mkdir(root, { recursive: true })
      const { bavail, bsize } = await fs.statfs(root)
      return bavail * bsize
    },
    // Nothing evicts a folder.
    persist: async () => {},
    async lock(name, work, options = {}) {
      await fs.mkdir(path.join(root, '.locks'), { recursive: true })
      const file = path.join(root, '.locks', name.replaceAll('/', '--'))
      const release = await takeLock(node, file, name, options)
      try {
        return await work()
      } finally {
        await release()
      }
    },
  }
}

async function orNull<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}
