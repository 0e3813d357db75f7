import { ModelFilesError } from './byte-source'
import { HUB, type HubAddress } from './hub-address'
import { HubError } from './hub-error'
import { chunksOf, contentRange, isPage, nameOf, request, type UrlOptions } from './url-source'

/** A connection that gives nothing for this long is taken for broken. */
const patience = 30_000

/** What a request is about, for messages. */
export interface Subject {
  readonly address: HubAddress
  /** Its path, where it is about a file. */
  readonly path?: string
}

/**
 * Asks a Hub, with the token if there is one. Throws `HubError` unless the answer can be used: status 200, or 206 for
 * the very range. No request is repeated here.
 */
export async function askHub(
  url: URL,
  subject: Subject,
  options: UrlOptions,
  range?: { readonly begin: number; readonly end: number; readonly size: number },
): Promise<Response> {
  const response = await answer(url, options, range && `bytes=${range.begin}-${range.end - 1}`)
  const refusal = refusalOf(url, subject, response, options)
  if (!refusal && (!range || response.status === 200 || isRange(response, range))) return response
  await response.body?.cancel()
  if (refusal) throw refusal
  const got = response.headers.get('content-range') ?? `status ${response.status}`
  throw new HubError(
    'broken',
    `${nameOf(url)}: bytes ${range!.begin} to ${range!.end} of ${range!.size} were asked for, the server answered '${got}'`,
  )
}

/** The chunks of a body. Throws `HubError` where it breaks off or nothing comes any more. */
export async function* arrivingChunks(
  url: URL,
  response: Response,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const chunks = chunksOf(url, response)
  try {
    for (;;) {
      const next = await within(patience, chunks.next(), () => broken(url, 'nothing came for 30 s'))
      if (next.done) return
      yield next.value
    }
  } catch (cause) {
    if (!(cause instanceof ModelFilesError) || cause instanceof HubError) throw cause
    throw new HubError('broken', cause.message, { cause })
  } finally {
    // Not awaited: where nothing comes any more, this would not come back either.
    chunks.return(undefined).catch(() => {})
  }
}

/** The whole body in one array, which must have `size` bytes. */
export async function bodyOf(
  url: URL,
  response: Response,
  size: number,
  onBytes?: (arrived: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(size)
  let at = 0
  for await (const chunk of arrivingChunks(url, response)) {
    if (at + chunk.length > size) throw broken(url, `more than the ${size} bytes came that were asked for`)
    bytes.set(chunk, at)
    at += chunk.length
    onBytes?.(at)
  }
  if (at !== size) throw broken(url, `${at} bytes came of the ${size} that were asked for`)
  return bytes
}

export const broken = (url: URL, what: string) => new HubError('broken', `${nameOf(url)}: ${what}; try again`)

async function answer(url: URL, options: UrlOptions, range?: string): Promise<Response> {
  try {
    return await within(patience, request(url, options, range), () => {
      return new HubError('offline', `${nameOf(url)}: no answer within 30 s`)
    })
  } catch (cause) {
    if (!(cause instanceof ModelFilesError) || cause instanceof HubError) throw cause
    throw new HubError('offline', cause.message, { cause })
  }
}

function isRange(response: Response, { begin, end, size }: { begin: number; end: number; size: number }) {
  if (response.status !== 206) return false
  // A server of another origin may hide it; length and digests still tell.
  if (!response.headers.has('content-range')) return true
  const got = contentRange(response)
  return got?.begin === begin && got.end === end && (got.total ?? size) === size
}

function refusalOf(
  url: URL,
  { address: { id, endpoint, revision }, path }: Subject,
  response: Response,
  { token }: UrlOptions,
): HubError | null {
  const { status, statusText } = response
  const page = `${endpoint}/${id}`
  if (response.ok) return isPage(response) ? broken(url, 'the server answered with a web page') : null
  const code = response.headers.get('x-error-code')
  const said = `the server answered ${status}${statusText && ` ${statusText}`}`
  if (code === 'GatedRepo') {
    const way = token ? 'with the account of this token' : 'and pass a token of that account'
    return new HubError('gated', `${id} is gated: accept its terms at ${page} ${way}`)
  }
  if (code === 'RevisionNotFound')
    return new HubError('missing', `${id} has no branch, tag or commit '${revision}'`)
  if (status === 404 && path !== undefined && code !== 'RepoNotFound')
    return new HubError('missing', `${id}: there is no file '${path}' (${said})`)
  if (status === 404 || code === 'RepoNotFound' || (status === 401 && !token)) {
    const hint = token ? 'or the token may not read it' : 'or it is private and needs a token'
    return new HubError('missing', `${endpoint === HUB ? 'the Hub' : endpoint} has no model '${id}', ${hint}`)
  }
  if (status === 401 || status === 403)
    return new HubError('refused', `${id}: ${said}: the token may not read this model (${page})`)
  const passing = status === 429 || status === 408 || status >= 500
  const retryAfter = waitOf(response.headers.get('retry-after'))
  return new HubError(
    passing ? 'busy' : 'broken',
    `${nameOf(url)}: ${said}${passing ? '; try again later' : ''}`,
    { retryAfter },
  )
}

/** Milliseconds of a Retry-After header: seconds, or a date. */
function waitOf(value: string | null): number | null {
  if (value === null) return null
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now())
}

async function within<T>(milliseconds: number, work: Promise<T>, late: () => Error): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), milliseconds)
  })
  try {
    return await Promise.race([work, timeout])
  } finally {
    clearTimeout(timer)
    // Whoever comes too late is nobody's error.
    work.catch(() => {})
  }
}
