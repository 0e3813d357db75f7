import { unfinishedName } from './run-store'

type Bytes = Uint8Array<ArrayBuffer>

/** What the types that come with the DOM leave out. */
interface Handle extends FileSystemFileHandle {
  /** Only in a worker. */
  createSyncAccessHandle?(): Promise<SyncAccess>
  /** Renames the file, over another that has the name. Not in every browser. */
  move?(name: string): Promise<void>
}

interface SyncAccess {
  truncate(size: number): void
  write(bytes: Uint8Array, options: { at: number }): number
  flush(): void
  close(): void
}

/**
 * Writes or replaces a file of the browser's own file system, whole or not at all where the browser can rename it. In a
 * worker it is written through a sync access handle, which some browsers have nothing but and which is faster;
 * elsewhere through a writable stream.
 */
export async function writeOpfsFile(
  folder: FileSystemDirectoryHandle,
  name: string,
  content: Bytes | AsyncIterable<Bytes>,
): Promise<void> {
  const { prototype } = FileSystemFileHandle
  const canMove = 'move' in prototype
  const isSync = 'createSyncAccessHandle' in prototype
  const written = canMove ? unfinishedName(name) : name
  try {
    const handle: Handle = await folder.getFileHandle(written, { create: true })
    if (isSync) await writeSync(await handle.createSyncAccessHandle!(), content)
    else await writeStream(await handle.createWritable(), content)
    if (canMove) await handle.move!(name)
  } catch (error) {
    // A stream that is not closed has left the file under its own name as it was.
    if (canMove || isSync) await folder.removeEntry(written).catch(() => {})
    throw error
  }
}

async function* piecesOf(content: Bytes | AsyncIterable<Bytes>): AsyncGenerator<Bytes> {
  if (content instanceof Uint8Array) yield content
  else yield* content
}

async function writeSync(access: SyncAccess, content: Bytes | AsyncIterable<Bytes>): Promise<void> {
  try {
    access.truncate(0)
    let at = 0
    for await (const piece of piecesOf(content)) {
      const written = access.write(piece, { at })
      if (written !== piece.length)
        throw new DOMException(`${written} of ${piece.length} bytes could be written`, 'QuotaExceededError')
      at += written
    }
    access.flush()
  } finally {
    access.close()
  }
}

async function writeStream(
  stream: FileSystemWritableFileStream,
  content: Bytes | AsyncIterable<Bytes>,
): Promise<void> {
  try {
    for await (const piece of piecesOf(content)) await stored(stream.write(piece))
    await stored(stream.close())
  } catch (error) {
    await stream.abort().catch(() => {})
    throw error
  }
}

/**
 * Waits for a stream to take bytes. Nobody else has the stream, so it is the browser that aborts it: Chromium sometimes
 * does where the quota is exceeded, in place of saying so.
 */
async function stored(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    if ((error as { name?: unknown }).name !== 'AbortError') throw error
    throw new DOMException('the browser stopped writing the file', 'QuotaExceededError')
  }
}
