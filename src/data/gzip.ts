import type { Chunk, Content } from './content'
import { DataError } from './data-error'

/** Whether bytes begin as a gzip archive does (RFC 1952). */
export const isGzip = (head: Uint8Array): boolean => head[0] === 0x1f && head[1] === 0x8b

/**
 * The unpacked text of a gzip archive, streamed.
 *
 * @throws {DataError} while it is read, when the archive is damaged or breaks off
 */
export async function* gunzip(content: Content): AsyncGenerator<Chunk, void, undefined> {
  const packed = content.chunks()
  let end = 0
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { value, done } = await packed.next()
      if (done) return controller.close()
      end = value.end
      controller.enqueue(value.bytes as Uint8Array<ArrayBuffer>)
    },
    cancel: async () => {
      await packed.return()
    },
  })
  const reader = source.pipeThrough(new DecompressionStream('gzip')).getReader()
  try {
    for (;;) {
      const { value: bytes, done } = await reader.read().catch((cause: unknown) => {
        throw damaged(cause)
      })
      if (done) return
      if (bytes.length > 0) yield { bytes, end }
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

/** The file's own failure to be read stays what it is. */
function damaged(cause: unknown): unknown {
  if (cause instanceof DOMException && cause.name !== 'AbortError') return cause
  return new DataError(
    'is a gzip archive that is damaged or breaks off. Copy or download it again, or unpack what is left of it with gunzip',
    { cause },
  )
}

/** A text packed with gzip. */
export const gzip = (text: Blob): Promise<Blob> =>
  new Response(text.stream().pipeThrough(new CompressionStream('gzip'))).blob()
