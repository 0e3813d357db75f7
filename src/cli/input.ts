import { createHash } from 'node:crypto'
import { createWriteStream, openAsBlob, rmSync } from 'node:fs'
import { mkdtemp, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { FileDigest } from '../index'
import { digestFile } from './files'
import { UsageError } from './options'

/** A file that a command reads. */
export interface Input {
  /** What errors call it. */
  readonly name: string
  /** Where it lies: itself, or what was read of standard input. */
  readonly path: string
  /** Read from disk as it is used. */
  readonly blob: Blob
  readonly digest: FileDigest
}

/**
 * Opens an input.
 *
 * @param path `-` for standard input, which is put into a file that is removed when the process ends
 * @throws {UsageError} if it cannot be read
 */
export async function openInput(path: string): Promise<Input> {
  if (path === '-') return openStandardInput()
  try {
    // A folder can be opened as a blob, but not be read.
    await (await open(path)).close()
    const digest = await digestFile(path)
    return { name: path, path, blob: await openAsBlob(path), digest }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new UsageError(`${path}: ${code === 'ENOENT' ? 'there is no such file' : message}`, {
      cause: error,
    })
  }
}

async function openStandardInput(): Promise<Input> {
  const path = join(await temporaryFolder(), 'stdin')
  const hash = createHash('sha256')
  let bytes = 0
  await pipeline(
    process.stdin,
    async function* (pieces: AsyncIterable<Uint8Array>) {
      for await (const piece of pieces) {
        hash.update(piece)
        bytes += piece.length
        yield piece
      }
    },
    createWriteStream(path),
  )
  const digest = { name: basename(path), bytes, sha256: hash.digest('hex') }
  return { name: 'standard input', path, blob: await openAsBlob(path), digest }
}

/** A folder that is removed when the process ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tabtune-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}
