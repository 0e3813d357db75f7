import { ModelFilesError } from './byte-source'
import { openFile } from './folder-files'
import { takeLock } from './folder-lock'
import { type NodeModules, nodeModules } from './node-modules'
import { type RunStore, unfinishedName } from './run-store'

/**
 * Models, or a training run, in a folder on disk, for Node. Default: the models' folder, `$TABTUNE_CACHE`, or else
 * `~/.cache/tabtune/models`. Throws `ModelFilesError` in a browser.
 */
export function folderStore(folder?: string): RunStore {
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
    open: entry => openFile(fs, locate(entry)),
    async write(entry, content) {
      const target = locate(entry)
      // Under a name of its own until it is whole: a process may be killed here, and two may write the same file.
      const parent = path.dirname(target)
      const unfinished = path.join(parent, unfinishedName(path.basename(target)))
      await fs.mkdir(parent, { recursive: true })
      try {
        await writeFlushed(fs, unfinished, content)
        await fs.rename(unfinished, target)
      } catch (error) {
        await fs.rm(unfinished, { force: true })
        throw error
      }
      await flushFolder(fs, parent)
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

async function writeFlushed(
  fs: NodeModules['fs'],
  path: string,
  content: Uint8Array | AsyncIterable<Uint8Array>,
): Promise<void> {
  const file = await fs.open(path, 'wx')
  try {
    if (content instanceof Uint8Array) await file.writeFile(content)
    else for await (const piece of content) await file.writeFile(piece)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes a new name last through a loss of power, where the system lets a folder be flushed: Windows does not. */
async function flushFolder(fs: NodeModules['fs'], path: string): Promise<void> {
  const folder = await fs.open(path, 'r').catch(() => null)
  await folder?.sync().catch(() => {})
  await folder?.close()
}

async function orNull<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}
