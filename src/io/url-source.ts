import { type ByteSource, blobSource, checkRange, decodeText, ModelFilesError } from './byte-source'

export interface DownloadProgress {
  readonly path: string
  /** Bytes received of this file so far; a part that is read twice may count twice. */
  readonly loaded: number
  /** Bytes in the file, or null while the server has not said. */
  readonly total: number | null
}

export interface UrlOptions {
  fetch?: typeof globalThis.fetch
  signal?: AbortSignal
  onProgress?: (progress: DownloadProgress) => void
  /** Sent as a bearer token, to the origin of the base URL only. */
  token?: string
}

/** Tensors lie in the file in about the order they are asked for: a small read brings its neighbours along. */
const readAhead = 8 * 2 ** 20

/** The bytes that were read ahead, of one file at a time: a model may have many files open at once. */
export class ReadAhead {
  #window: { url: URL; begin: number; end: number; bytes: Promise<Uint8Array<ArrayBuffer>> } | null = null

  /** Bytes [begin, end) of `url`, out of a longer range that `fetchRange` fetches, to `size` at most. */
  async read(
    url: URL,
    [begin, end, size]: readonly [begin: number, end: number, size: number],
    fetchRange: (begin: number, end: number) => Promise<Uint8Array<ArrayBuffer>>,
  ): Promise<Uint8Array<ArrayBuffer>> {
    let window = this.#window
    if (window?.url !== url || begin < window.begin || end > window.end) {
      const until = Math.min(size, begin + readAhead)
      const opened = { url, begin, end: until, bytes: fetchRange(begin, until) }
      this.#window = opened
      opened.bytes.catch(() => {
        // A failed window must not answer the next read, which may succeed.
        if (this.#window === opened) this.#window = null
      })
      window = opened
    }
    return (await window.bytes).slice(begin - window.begin, end - window.begin)
  }
}

/** Whether the URL leads to a file: asks for one byte, which servers that refuse HEAD answer too. */
export async function urlExists(url: URL, options: UrlOptions): Promise<boolean> {
  const response = await request(url, options, 'bytes=0-0')
  await response.body?.cancel()
  if (response.status === 404 || response.status === 410) return false
  if (response.status === 416) return true
  if (!response.ok) throw refused(url, response)
  return !isPage(response)
}

/** The whole body as UTF-8 text. */
export async function textOfUrl(url: URL, path: string, options: UrlOptions): Promise<string> {
  const response = await request(url, options)
  checkAnswer(url, response)
  const body = await wholeBody(url, path, response, options)
  return decodeText(new Uint8Array(await body.arrayBuffer()), nameOf(url))
}

/** A file read by ranges where the server honours them, else fetched whole here, once. */
export async function openUrl(
  url: URL,
  path: string,
  options: UrlOptions,
  ahead: ReadAhead,
): Promise<ByteSource> {
  const response = await request(url, options, 'bytes=0-0')
  const range = contentRange(response)
  if (response.status === 416 && range?.total === 0) {
    await response.body?.cancel()
    return blobSource(new Blob([]), nameOf(url))
  }
  checkAnswer(url, response)
  if (response.status === 206) {
    await response.body?.cancel()
    // A server of another origin may hide Content-Range; without the size the file has to be fetched whole.
    if (range !== null && range.total !== null) return rangeSource(url, path, range.total, options, ahead)
    const whole = await request(url, options)
    checkAnswer(url, whole)
    return blobSource(await wholeBody(url, path, whole, options), nameOf(url))
  }
  return blobSource(await wholeBody(url, path, response, options), nameOf(url))
}

function rangeSource(
  url: URL,
  path: string,
  size: number,
  options: UrlOptions,
  ahead: ReadAhead,
): ByteSource {
  let loaded = 0
  const fetchRange = async (begin: number, end: number) => {
    const response = await request(url, options, `bytes=${begin}-${end - 1}`)
    checkAnswer(url, response)
    const got = contentRange(response)
    const moved = got !== null && (got.begin !== begin || got.end !== end || (got.total ?? size) !== size)
    if (response.status !== 206 || moved) {
      await response.body?.cancel()
      const answer = response.headers.get('content-range') ?? `status ${response.status}`
      throw new ModelFilesError(
        `${nameOf(url)}: bytes ${begin} to ${end} of ${size} were asked for, the server answered '${answer}'; ` +
          'the file may have changed, so open it again',
      )
    }
    const bytes = new Uint8Array(end - begin)
    let at = 0
    for await (const chunk of chunksOf(url, response)) {
      if (at + chunk.length > bytes.length) throw wrongLength(url, `more than ${bytes.length}`, bytes.length)
      bytes.set(chunk, at)
      at += chunk.length
      loaded += chunk.length
      options.onProgress?.({ path, loaded, total: size })
    }
    if (at !== bytes.length) throw wrongLength(url, `${at}`, bytes.length)
    return bytes
  }
  return {
    size,
    async read(begin, end) {
      checkRange(nameOf(url), size, begin, end)
      if (begin === end) return new Uint8Array(0)
      if (end - begin >= readAhead) return fetchRange(begin, end)
      return ahead.read(url, [begin, end, size], fetchRange)
    },
  }
}

async function wholeBody(url: URL, path: string, response: Response, options: UrlOptions): Promise<Blob> {
  const total = bodyLength(response)
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let loaded = 0
  for await (const chunk of chunksOf(url, response)) {
    loaded += chunk.length
    if (total !== null && loaded > total) throw wrongLength(url, `more than ${total}`, total)
    chunks.push(chunk)
    options.onProgress?.({ path, loaded, total })
  }
  if (total !== null && loaded !== total) throw wrongLength(url, `${loaded}`, total)
  return new Blob(chunks)
}

export async function* chunksOf(url: URL, response: Response): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = response.body?.getReader()
  if (!reader) return
  try {
    while (true) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } catch (cause) {
    if (cause instanceof ModelFilesError || isAbort(cause)) throw cause
    throw new ModelFilesError(`${nameOf(url)}: the download broke off: ${reasonOf(cause)}`, { cause })
  } finally {
    // Stops the transfer when the reader of this generator gave up; does nothing after the end.
    await reader.cancel().catch(() => {})
  }
}

export async function request(url: URL, options: UrlOptions, range?: string): Promise<Response> {
  const { fetch = globalThis.fetch, signal, token } = options
  const headers = new Headers({
    // No HTML: servers of one-page sites answer any path with their page to whoever accepts it.
    accept: 'application/octet-stream, application/json, text/plain',
    // A range switches compression off, so that lengths count the file's own bytes.
    ...(range !== undefined && { range }),
    // Following a redirect to another origin, fetch drops this header: Fetch standard, HTTP-redirect fetch.
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  })
  try {
    // Chrome answers a range from the compressed body in its cache, with lengths of that body.
    return await fetch(url, {
      headers,
      ...(range !== undefined && { cache: 'no-store' }),
      ...(signal && { signal }),
    })
  } catch (cause) {
    if (isAbort(cause) || signal?.aborted) throw cause
    const why = 'offline, no such host, or a server that does not allow this page to read it'
    throw new ModelFilesError(`${nameOf(url)}: no answer (${why}): ${reasonOf(cause)}`, { cause })
  }
}

function checkAnswer(url: URL, response: Response): void {
  if (!response.ok) throw refused(url, response)
  if (isPage(response))
    throw new ModelFilesError(`${nameOf(url)}: the server answered with a web page, not with the file`)
}

function refused(url: URL, response: Response): ModelFilesError {
  const { status, statusText } = response
  const hint =
    status === 401 || status === 403
      ? '; the model may be private, gated or misspelt: pass a token that may read it'
      : status === 404
        ? '; there is no such file'
        : ''
  return new ModelFilesError(`${nameOf(url)}: the server answered ${status} ${statusText}${hint}`)
}

/** The length the body must have, where the header can be trusted to count the bytes that arrive here. */
function bodyLength(response: Response): number | null {
  // A page cannot see whether a body of another origin was compressed; the browser checks its length itself.
  if (response.headers.has('content-encoding') || response.type === 'cors') return null
  const length = response.headers.get('content-length')
  return length !== null && /^\d+$/.test(length) ? Number(length) : null
}

export function contentRange(
  response: Response,
): { begin: number; end: number; total: number | null } | null {
  const value = response.headers.get('content-range') ?? ''
  const match = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(value)
  if (!match) return null
  const [, first = '0', last = '-1', total] = match
  return { begin: Number(first), end: Number(last) + 1, total: total === '*' ? null : Number(total) }
}

export const isPage = (response: Response) =>
  /^text\/html\b/i.test(response.headers.get('content-type') ?? '')

const isAbort = (error: unknown) => error instanceof Error && /^(AbortError|TimeoutError)$/.test(error.name)

const reasonOf = (error: unknown) =>
  error instanceof Error
    ? error.cause instanceof Error
      ? error.cause.message
      : error.message
    : String(error)

const wrongLength = (url: URL, got: string, wanted: number) =>
  new ModelFilesError(`${nameOf(url)}: ${got} bytes arrived, ${wanted} were announced; try again`)

/** The address without its query, which may hold a signature. */
export const nameOf = (url: URL) => url.origin + url.pathname
