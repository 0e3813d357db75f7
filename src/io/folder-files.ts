import { type ByteSource, checkRange, ModelFilesError } from './byte-source'
import { type ModelFiles, modelFiles } from './model-files'
import { type NodeModules, nodeModules, type OpenFile } from './node-modules'

/** The files of a folder on disk, in Node. Throws `ModelFilesError` in a browser. */
export function filesFromFolder(path: string): ModelFiles {
  const node = nodeModules()
  if (!node)
    throw new ModelFilesError(`${path}: only Node reads folders by path; a page has filesFromDirectory`)
  const { basename, join, resolve } = node.path
  const label = basename(resolve(path)) || path
  return modelFiles(label, file => openFile(node.fs, join(path, file)))
}

/** A file on disk, or null where there is none. */
export async function openFile({ open, stat }: NodeModules['fs'], path: string): Promise<ByteSource | null> {
  const found = await stat(path).catch(error => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw new ModelFilesError(`${path}: it cannot be opened: ${error.message}`, { cause: error })
  })
  if (!found?.isFile()) return null
  const { size } = found
  return {
    size,
    async read(begin, end) {
      checkRange(path, size, begin, end)
      // Opened for each read: a source has no end of life at which a handle could be closed.
      const file = await open(path).catch(cause => {
        throw new ModelFilesError(`${path}: it cannot be opened: ${cause.message}`, { cause })
      })
      try {
        return await readPieces(file, path, begin, end)
      } finally {
        await file.close()
      }
    },
  }
}

/** Node ends the process when it is asked for 2 GiB or more at once. */
const PIECE_BYTES = 2 ** 30

/** Bytes [begin, end) of an open file. */
export async function readPieces(
  file: Pick<OpenFile, 'read'>,
  path: string,
  begin: number,
  end: number,
  pieceBytes = PIECE_BYTES,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(end - begin)
  for (let at = 0; at < bytes.length; ) {
    const length = Math.min(bytes.length - at, pieceBytes)
    const { bytesRead } = await file.read(bytes, at, length, begin + at)
    if (bytesRead === 0) throw new ModelFilesError(`${path}: the file became shorter while it was read`)
    at += bytesRead
  }
  return bytes
}
