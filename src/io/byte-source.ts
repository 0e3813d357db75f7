/**
 * Random access to the bytes of one file: weights are read tensor by tensor, so that a model never has to be
 * held in memory twice.
 */
export interface ByteSource {
  /** Bytes in the file. */
  readonly size: number
  /** Bytes [begin, end), in a fresh array that starts its own buffer and that the caller may keep and change. */
  read(begin: number, end: number): Promise<Uint8Array<ArrayBuffer>>
}

/** A file of a model that is missing, cannot be reached, is cut short, or is asked for by an unusable path. */
export class ModelFilesError extends Error {
  override name = 'ModelFilesError'
}

/** Throws unless [begin, end) is a range of whole bytes inside a file of `size` bytes. */
export function checkRange(name: string, size: number, begin: number, end: number): void {
  if (Number.isSafeInteger(begin) && Number.isSafeInteger(end) && begin >= 0 && begin <= end && end <= size)
    return
  throw new ModelFilesError(
    `${name}: bytes ${begin} to ${end} were asked for, but the file has ${size} bytes`,
  )
}

/** The bytes of a `File` or `Blob`. The browser keeps them on disk where it can. */
export function blobSource(blob: Blob, name: string): ByteSource {
  return {
    size: blob.size,
    async read(begin, end) {
      checkRange(name, blob.size, begin, end)
      const bytes = new Uint8Array(await readBlob(blob.slice(begin, end), name))
      if (bytes.length !== end - begin)
        throw new ModelFilesError(`${name}: the file changed while it was read; choose it again`)
      return bytes
    },
  }
}

/** Text of UTF-8 `bytes`; a byte order mark is dropped. */
export function decodeText(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new ModelFilesError(`${name}: the file is not valid UTF-8 text`, { cause })
  }
}

async function readBlob(blob: Blob, name: string): Promise<ArrayBuffer> {
  try {
    return await blob.arrayBuffer()
  } catch (cause) {
    // Browsers refuse to read a chosen file that was changed, moved or deleted afterwards.
    throw new ModelFilesError(`${name}: the file can no longer be read; choose it again`, { cause })
  }
}
