import { type ContentHash, contentHash } from './content-hash'
import type { HubAddress } from './hub-address'
import { HubError, isPassing, type RetryOptions, retried, waitAfter } from './hub-error'
import { arrivingChunks, askHub, bodyOf, broken } from './hub-request'
import { PIECE_BYTES, type StoredFile } from './stored-file'
import type { UrlOptions } from './url-source'

/** Where a file comes from, and how. */
export interface FileLink {
  readonly url: URL
  readonly address: HubAddress
  readonly options: UrlOptions
  readonly retry: RetryOptions | undefined
}

/**
 * Downloads what is missing of a file, piece by piece, and checks the whole against the Hub's digest. What has arrived
 * of it stays, whatever ends this. At most two pieces are in memory. `onBytes` is told how much of the file is there.
 *
 * @throws {HubError} when the server does not give it, or gives something else than the Hub lists
 */
export async function downloadFile(
  stored: StoredFile,
  link: FileLink,
  onBytes: (present: number) => void,
): Promise<void> {
  const { size, digest, path } = stored.file
  // A second time from the start: pieces of an earlier download may be of another file.
  for (const resumes of [true, false]) {
    let hash = contentHash(digest, size)
    const kept = resumes ? await checkedPieces(stored, hash, link, onBytes) : 0
    await stored.keepFirst(kept)
    for await (const { index, bytes } of arrivingPieces(stored, kept, link, onBytes)) {
      if (index === 0) hash = contentHash(digest, size)
      link.options.signal?.throwIfAborted()
      await stored.write(index, bytes)
      hash.update(bytes)
    }
    if (hash.digest() === digest) return stored.setComplete()
    if (kept === 0) break
  }
  await stored.keepFirst(0)
  throw new HubError(
    'changed',
    `${link.address.id}/${path}: what the server sent is not the file that the Hub lists (digest ${digest}); load it again`,
  )
}

/** One piece by a request of its own. Throws `HubError`. */
export async function fetchPiece(
  stored: StoredFile,
  index: number,
  link: FileLink,
): Promise<Uint8Array<ArrayBuffer>> {
  return retried(
    async () => {
      const response = await askForPiece(stored, index, link)
      const { begin, end, length } = stored.bytesOf(index)
      if (response.status === 206) return bodyOf(link.url, response, length)
      // Without ranges the piece has to be cut out of the whole.
      for await (const piece of cut(link.url, response, stored)) if (piece.index === index) return piece.bytes
      throw broken(link.url, `bytes ${begin} to ${end} did not come`)
    },
    link.retry,
    link.options.signal,
  )
}

/** How many pieces from the first on are as they were written. */
async function checkedPieces(
  stored: StoredFile,
  hash: ContentHash,
  { options: { signal } }: FileLink,
  onBytes: (present: number) => void,
): Promise<number> {
  for (let index = 0; ; index++) {
    signal?.throwIfAborted()
    const bytes = index < stored.count ? await stored.read(index) : null
    if (!bytes) return index
    hash.update(bytes)
    onBytes(stored.bytesOf(index).end)
  }
}

interface Piece {
  readonly index: number
  readonly bytes: Uint8Array<ArrayBuffer>
}

/**
 * The pieces from `from` on in their order, each asked for while the one before is written. Where the server ignores
 * ranges, all pieces from the first on, out of one body.
 */
async function* arrivingPieces(
  stored: StoredFile,
  from: number,
  link: FileLink,
  onBytes: (present: number) => void,
): AsyncGenerator<Piece, void> {
  const stop = new AbortController()
  const { signal } = link.options
  const both = { ...link.options, signal: signal ? AbortSignal.any([signal, stop.signal]) : stop.signal }
  // Two pieces arrive at once: how much of each counts.
  const arrived = new Map<number, number>()
  const ask = (index: number): Promise<Uint8Array<ArrayBuffer> | Response> =>
    retried(
      async () => {
        const response = await askForPiece(stored, index, { ...link, options: both })
        if (response.status !== 206) return response
        return bodyOf(link.url, response, stored.bytesOf(index).length, bytes => {
          arrived.set(index, bytes)
          let present = from * PIECE_BYTES
          for (const count of arrived.values()) present += count
          onBytes(present)
        })
      },
      link.retry,
      both.signal,
    )
  let ahead: ReturnType<typeof ask> | null = null
  try {
    for (let index = from; index < stored.count; index++) {
      const got = await (ahead ?? ask(index))
      if (got instanceof Response) return yield* wholeFile(got, stored, { ...link, options: both }, onBytes)
      ahead = index + 1 < stored.count ? ask(index + 1) : null
      // Whoever waits for it later hears of its failure.
      ahead?.catch(() => {})
      yield { index, bytes: got }
    }
  } finally {
    stop.abort()
  }
}

async function* wholeFile(
  first: Response,
  stored: StoredFile,
  link: FileLink,
  onBytes: (present: number) => void,
): AsyncGenerator<Piece, void> {
  let response = first
  for (let failed = 1; ; failed++) {
    try {
      return yield* cut(link.url, response, stored, onBytes)
    } catch (error) {
      if (!isPassing(error)) throw error
      await waitAfter(error, failed, link.retry ?? {}, link.options.signal)
      const { path } = stored.file
      const again = () => askHub(link.url, { address: link.address, path }, link.options)
      response = await retried(again, link.retry, link.options.signal)
    }
  }
}

/** Cuts a body into pieces; it must have the size of the file. */
async function* cut(
  url: URL,
  response: Response,
  stored: StoredFile,
  onBytes?: (present: number) => void,
): AsyncGenerator<Piece, void> {
  const { size } = stored.file
  const wrong = (got: string) => broken(url, `${got} bytes came, the Hub lists ${size}`)
  let index = 0
  let piece = new Uint8Array(stored.bytesOf(0).length)
  let at = 0
  for await (const chunk of arrivingChunks(url, response)) {
    for (let taken = 0; taken < chunk.length; ) {
      if (index === stored.count) throw wrong(`more than ${size}`)
      const part = chunk.subarray(taken, taken + piece.length - at)
      piece.set(part, at)
      taken += part.length
      at += part.length
      onBytes?.(stored.bytesOf(index).begin + at)
      if (at < piece.length) continue
      yield { index, bytes: piece }
      index++
      at = 0
      if (index < stored.count) piece = new Uint8Array(stored.bytesOf(index).length)
    }
  }
  if (index < stored.count) throw wrong(`${stored.bytesOf(index).begin + at}`)
}

async function askForPiece(stored: StoredFile, index: number, link: FileLink): Promise<Response> {
  const { size, path, digest } = stored.file
  const { begin, end } = stored.bytesOf(index)
  const response = await askHub(link.url, { address: link.address, path }, link.options, { begin, end, size })
  const tag = tagOf(response)
  if (tag === null || tag.length !== digest.length || tag === digest) return response
  await response.body?.cancel()
  throw new HubError(
    'changed',
    `${link.address.id}/${path}: the file has changed on the server (ETag ${tag}, listed as ${digest}); load it again`,
  )
}

/** The Hub's digest of a file, where an answer carries it; what a storage behind it calls its copy is another matter. */
function tagOf(response: Response): string | null {
  const tag =
    response.headers.get('x-linked-etag') ?? (response.redirected ? null : response.headers.get('etag'))
  return /^(?:W\/)?"?([0-9a-f]{40}|[0-9a-f]{64})"?$/.exec(tag ?? '')?.[1] ?? null
}
