import { decodeText } from './byte-source'
import { fileUrl, type HubAddress, type HubOptions, hubAddress } from './hub-address'
import { HubError, type RetryOptions, retried } from './hub-error'
import { arrivingChunks, askHub } from './hub-request'
import type { UrlOptions } from './url-source'
import { wantedFiles } from './wanted-files'

/** A file of a model as the Hub lists it. */
export interface ListedFile {
  readonly path: string
  /** Bytes. */
  readonly size: number
  /**
   * In hexadecimal: SHA-256 of the content for large files (64 digits), or the id that git gives it (40 digits), the
   * SHA-1 of `blob SIZE\0` and the content.
   */
  readonly digest: string
  /** Whether it is fetched with the model: what is needed to compute with it. */
  readonly wanted: boolean
}

/** What the Hub says of a model, before anything of it is downloaded. */
export interface ModelInfo {
  readonly id: string
  /** The commit that the revision stands for: all files are of this one. */
  readonly commit: string
  readonly files: readonly ListedFile[]
  /** Bytes of the files that are wanted. */
  readonly bytes: number
  /** As its card says: `apache-2.0`; null where it says nothing. */
  readonly license: string | null
  /** Whether its terms have to be accepted on the Hub first. */
  readonly gated: boolean
  readonly private: boolean
  /** Such as `text-generation`. */
  readonly pipelineTag: string | null
}

export interface ModelInfoOptions extends HubOptions {
  /** Files to fetch beside those that are needed to compute with the model. */
  include?: (path: string) => boolean
  retry?: RetryOptions
}

/** No file of the Hub is larger; what is said to be would be counted out in pieces. */
const largestFile = 2 ** 42

/** No listing is longer; a server that says more is none. */
const longestListing = 64 * 2 ** 20

/**
 * Asks the Hub what a model is and what it takes, with one request. Throws `HubError` with the reason: no such model
 * or revision, gated, refused, offline.
 */
export async function modelInfo(id: string, options: ModelInfoOptions = {}): Promise<ModelInfo> {
  return fetchInfo(hubAddress(id, options), options)
}

export async function fetchInfo(address: HubAddress, options: ModelInfoOptions): Promise<ModelInfo> {
  const { id, endpoint, revision } = address
  const url = new URL(`${endpoint}/api/models/${id}/revision/${encodeURIComponent(revision)}?blobs=true`)
  const text = await retried(() => listing(url, address, options), options.retry, options.signal)
  return parseInfo(text, address, options.include)
}

/** Reads the Hub's answer. Throws `HubError` where it does not say what a download has to know. */
export function parseInfo(
  text: string,
  { id, endpoint }: Pick<HubAddress, 'id' | 'endpoint'>,
  include?: (path: string) => boolean,
): ModelInfo {
  const wrong = (what: string) => new HubError('broken', `${endpoint}: its listing of ${id} ${what}`)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw wrong('is not JSON; is this a Hub?')
  }
  const answer = record(json)
  const commit = answer.sha
  if (typeof commit !== 'string' || !/^[0-9a-f]{40}$/.test(commit)) throw wrong('names no commit')
  if (!Array.isArray(answer.siblings)) throw wrong('has no files')
  const listed = answer.siblings.map(sibling => {
    const { rfilename, size, blobId, lfs } = record(sibling)
    const digest = record(lfs).sha256 ?? blobId
    if (typeof rfilename !== 'string') throw wrong('has a file without a name')
    if (!Number.isSafeInteger(size) || (size as number) < 0 || (size as number) > largestFile)
      throw wrong(`has no size for ${rfilename}`)
    if (typeof digest !== 'string' || !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(digest))
      throw wrong(`has no digest for ${rfilename}`)
    return { path: rfilename, size: size as number, digest }
  })
  const wanted = wantedFiles(
    listed.map(({ path }) => path),
    include,
  )
  const files = listed.map(file => ({ ...file, wanted: wanted.has(file.path) }))
  return {
    id,
    commit,
    files,
    bytes: files.reduce((sum, file) => sum + (file.wanted ? file.size : 0), 0),
    license: licenseOf(answer),
    gated: answer.gated !== undefined && answer.gated !== false && answer.gated !== null,
    private: answer.private === true,
    pipelineTag: typeof answer.pipeline_tag === 'string' ? answer.pipeline_tag : null,
  }
}

/** The address of a listed file, at its commit. */
export const listedUrl = (address: HubAddress, { commit }: ModelInfo, { path }: ListedFile) =>
  fileUrl(address, commit, path)

async function listing(url: URL, address: HubAddress, options: UrlOptions): Promise<string> {
  const response = await askHub(url, { address }, options)
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  for await (const chunk of arrivingChunks(url, response)) {
    size += chunk.length
    if (size > longestListing)
      throw new HubError('broken', `${url.origin}: its listing of ${address.id} does not end`)
    chunks.push(chunk)
  }
  return decodeText(new Uint8Array(await new Blob(chunks).arrayBuffer()), url.origin + url.pathname)
}

function licenseOf(answer: Readonly<Record<string, unknown>>): string | null {
  const card = record(answer.cardData)
  // 'other' says only that it is none of the list; its name is beside it.
  const named = card.license === 'other' ? (card.license_name ?? card.license) : card.license
  if (typeof named === 'string') return named
  if (Array.isArray(named) && named.every(name => typeof name === 'string') && named.length > 0)
    return named.join(', ')
  const tags: unknown[] = Array.isArray(answer.tags) ? answer.tags : []
  const tag = tags.find(tag => typeof tag === 'string' && tag.startsWith('license:')) as string | undefined
  return tag?.slice('license:'.length) ?? null
}

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
