/** A file's content; a string is taken as its text. */
export type Source = Blob | Uint8Array | string

/** A piece of a text. `end`: how much of the file, as it lies on disk, was read to get it. */
export interface Chunk {
  readonly bytes: Uint8Array
  readonly end: number
}

/** A file's bytes as they lie on disk. They can be read any number of times. */
export interface Content {
  readonly size: number
  chunks(): AsyncGenerator<Chunk, void, undefined>
  /** The bytes [from, to). */
  slice(from: number, to: number): Promise<Uint8Array>
  blob(): Blob
}

const chunkBytes = 2 ** 16

function blobContent(blob: Blob): Content {
  async function* chunks(): AsyncGenerator<Chunk, void, undefined> {
    const reader: ReadableStreamDefaultReader<Uint8Array> = blob.stream().getReader()
    let end = 0
    try {
      for (;;) {
        const { value: bytes, done } = await reader.read()
        if (done) return
        end += bytes.length
        yield { bytes, end }
      }
    } finally {
      await reader.cancel()
    }
  }
  return {
    size: blob.size,
    chunks,
    slice: async (from, to) => new Uint8Array(await blob.slice(from, to).arrayBuffer()),
    blob: () => blob,
  }
}

function memoryContent(bytes: Uint8Array<ArrayBuffer>): Content {
  async function* chunks(): AsyncGenerator<Chunk, void, undefined> {
    for (let from = 0; from < bytes.length; from += chunkBytes) {
      const piece = bytes.subarray(from, from + chunkBytes)
      yield { bytes: piece, end: from + piece.length }
    }
  }
  return {
    size: bytes.length,
    chunks,
    slice: (from, to) => Promise.resolve(bytes.subarray(from, to)),
    blob: () => new Blob([bytes]),
  }
}

/** Bytes are copied, so that what is read later is what was given. */
export function contentOf(source: Source): Content {
  if (source instanceof Blob) return blobContent(source)
  return memoryContent(typeof source === 'string' ? new TextEncoder().encode(source) : source.slice())
}

/** All of a text up to `limit` bytes, or undefined when it is longer. */
export async function collect(chunks: AsyncIterable<Chunk>, limit: number): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const { bytes } of chunks) {
    length += bytes.length
    if (length > limit) return undefined
    pieces.push(bytes)
  }
  return joinBytes(pieces, length)
}

/** Pieces with `length` bytes together, as one; a piece alone is not copied. */
export function joinBytes(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = pieces
  if (pieces.length === 1 && only) return only
  const whole = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
