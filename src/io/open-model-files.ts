import { ModelFilesError } from './byte-source'
import { cachedHubFiles } from './cached-hub-files'
import { filesFromFolder } from './folder-files'
import { folderStore } from './folder-store'
import { HUB, parseBase } from './hub-address'
import { filesFromDirectory, filesFromHub, filesFromList, filesFromUrl, type ModelFiles } from './model-files'
import type { ModelInfoOptions } from './model-info'
import type { ModelStore } from './model-store'
import { type NodeModules, nodeModules } from './node-modules'
import { hasOpfs, opfsStore } from './opfs-store'

/**
 * Where a model is: the Hub (`owner/model`, `owner/model@revision`, or the address of its page), another `https:`
 * address, a folder that the visitor chose, dropped or listed, files opened elsewhere, or in Node a path.
 */
export type ModelSource = string | URL | FileSystemDirectoryHandle | FileList | readonly File[] | ModelFiles

export interface OpenFilesOptions extends ModelInfoOptions {
  /** Where models of the Hub stay. Default: `defaultStore()`; null keeps nothing. */
  store?: ModelStore | null
  /** Uses what is in the store and asks for nothing. */
  offline?: boolean
  /** Whether damaged pieces of the store are downloaded again; so it is when left out. */
  repair?: boolean
}

/**
 * The store that models of the Hub go to: `~/.cache/tabtune/models` or `$TABTUNE_CACHE` in Node, the page's own file
 * system in a browser; null where there is none, as in private windows and on insecure pages.
 */
export function defaultStore(): ModelStore | null {
  return nodeModules() ? folderStore() : hasOpfs() ? opfsStore() : null
}

/**
 * The files of a model, wherever it is. A string is an address if it begins with `http:` or `https:`, in Node a path if
 * it begins with `.`, `/` or `~` or there is such a folder, in a browser an address relative to the page if it begins
 * with `.` or `/`, and else an id of the Hub.
 *
 * @throws {ModelFilesError} for what is none of these, a folder that is not there, and options that the source cannot
 *   have: `token` is for the Hub only
 */
export async function openModelFiles(
  source: ModelSource,
  options: OpenFilesOptions = {},
): Promise<ModelFiles> {
  if (typeof source !== 'string' && !(source instanceof URL)) {
    refuseHubOptions('chosen files', options)
    if (isModelFiles(source)) return source
    return 'kind' in source ? filesFromDirectory(source) : filesFromList([...source])
  }
  const text = String(source)
  const node = nodeModules()
  const folder = node && (await folderOf(node, text))
  if (folder) {
    refuseHubOptions(text, options)
    return filesFromFolder(folder)
  }
  if (/^[a-z][a-z\d+.-]+:/i.test(text) || (!node && /^[./]/.test(text))) return fromAddress(text, options)
  return fromHub(text, options)
}

/** `owner/model@revision` in its parts. */
export function splitRevision(source: string): { id: string; revision?: string } {
  const at = source.indexOf('@')
  return at < 0 ? { id: source } : { id: source.slice(0, at), revision: source.slice(at + 1) }
}

function fromHub(source: string, options: OpenFilesOptions): ModelFiles {
  const { id, revision } = splitRevision(source)
  if (revision !== undefined && options.revision !== undefined && revision !== options.revision)
    throw new ModelFilesError(
      `${source}: the revision is also given as '${options.revision}'; give one of them`,
    )
  const named = revision === undefined ? options : { ...options, revision }
  const { store = defaultStore(), ...rest } = named
  if (store) return cachedHubFiles(id, { ...rest, store })
  if (options.offline)
    throw new ModelFilesError(`${source}: nothing is kept here, so there is no model without a connection`)
  return filesFromHub(id, named)
}

function fromAddress(text: string, options: OpenFilesOptions): ModelFiles {
  const hub = parseBase(options.endpoint ?? HUB, undefined)
  const url = parseBase(text, undefined)
  if (url.href.startsWith(hub.href)) {
    // The address of a model's page, as it is copied from there.
    const [, id, revision] =
      /^([^/]+\/[^/]+)\/(?:tree\/(.+)\/)?$/.exec(decoded(url.pathname.slice(hub.pathname.length))) ?? []
    if (id !== undefined) return fromHub(revision === undefined ? id : `${id}@${revision}`, options)
  }
  if (options.token !== undefined && url.origin !== hub.origin)
    throw new ModelFilesError(
      `${url.origin}: the token is for ${hub.origin} and goes nowhere else; leave it out, or use filesFromUrl with a token of that server`,
    )
  refuseHubOptions(text, options)
  return filesFromUrl(url, options)
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch (cause) {
    throw new ModelFilesError(`'${path}' is not the address of a model: a % in it stands for no character`, {
      cause,
    })
  }
}

function refuseHubOptions(source: string, { revision, offline }: OpenFilesOptions): void {
  const given = revision !== undefined ? 'a revision' : offline ? 'offline' : null
  if (given) throw new ModelFilesError(`${source}: only models of the Hub take ${given}`)
}

/** The folder that a string names, in Node; null where it names something else. */
async function folderOf({ fs, os, path, url }: NodeModules, text: string): Promise<string | null> {
  const local = /^file:/i.test(text) ? url.fileURLToPath(text) : text
  const given = local.replace(/^~(?=$|[\\/])/, os.homedir())
  const isFolder = await fs.stat(given).then(
    found => found.isDirectory(),
    () => false,
  )
  if (isFolder) return given
  if (path.isAbsolute(given) || /^\.{1,2}(?:$|[\\/])/.test(given))
    throw new ModelFilesError(`${text}: there is no such model folder`)
  return null
}

const isModelFiles = (source: object): source is ModelFiles =>
  'open' in source && 'text' in source && 'has' in source
