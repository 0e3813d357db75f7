import type { ByteSource } from './byte-source'
import { bytesText, isFull, type ModelStore } from './model-store'

type Bytes = Uint8Array<ArrayBuffer>

/**
 * Where a training run keeps its checkpoints: a store whose files may be larger than memory. `folderStore()` in Node and
 * `opfsStore()` in a browser are such stores.
 */
export interface RunStore extends Omit<ModelStore, 'write'> {
  /** A file to be read part by part, or null where there is none. */
  open(path: string): Promise<ByteSource | null>
  /**
   * Writes or replaces a file, and makes its folders: under a name of its own until it is whole and flushed, so that
   * whatever ends the process leaves the file as it was. Where a browser cannot rename, a file may be left half-written.
   * Rejects with the system's own error where space runs out.
   */
  write(path: string, content: Bytes | AsyncIterable<Bytes>): Promise<void>
}

/** There is no room for a file of a run. What was there before stays. */
export class RunStoreFullError extends Error {
  override name = 'RunStoreFullError'
  constructor(
    message: string,
    readonly file: string,
    /** Bytes of the whole file. */
    readonly bytes: number,
    /** Bytes that are free, where the system says so. */
    readonly free: number | null,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** Writes a file of `bytes` bytes. @throws {RunStoreFullError} where space runs out */
export async function writeRunFile(
  store: RunStore,
  path: string,
  bytes: number,
  content: Bytes | AsyncIterable<Bytes>,
): Promise<void> {
  try {
    await store.write(path, content)
  } catch (cause) {
    if (!isFull(cause)) throw cause
    const free = await store.free().catch(() => null)
    const room = free === null ? '' : `, ${bytesText(free)} are free`
    throw new RunStoreFullError(
      `${path}: its ${bytesText(bytes)} do not fit into ${store.name}${room}. What was stored before is whole: make room, and resume`,
      path,
      bytes,
      free,
      { cause },
    )
  }
}

const UNFINISHED = '.unfinished'

/** The name that a file `name` has until it is whole: no store lists it as an entry. */
export const unfinishedName = (name: string): string => `.${name}.${crypto.randomUUID()}${UNFINISHED}`

/** Removes what ended processes left of files of a folder that they were writing. Nobody else may be writing there. */
export async function removeUnfinished(store: RunStore, folder: string): Promise<void> {
  for (const name of await store.list(folder))
    if (name.startsWith('.') && name.endsWith(UNFINISHED))
      await store.remove(folder === '' ? name : `${folder}/${name}`)
}
