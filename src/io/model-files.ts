import { type ByteSource, blobSource, decodeText, ModelFilesError } from './byte-source'
import { fileUrl, type HubOptions, hubAddress, parseBase } from './hub-address'
import { openUrl, ReadAhead, textOfUrl, type UrlOptions, urlExists } from './url-source'

export { type ByteSource, type HubOptions, ModelFilesError, type UrlOptions }

/** The files of one model or adapter, wherever they are kept. Paths are relative and use `/`. */
export interface ModelFiles {
  /** What to call the model in messages: its folder, URL or Hub id. */
  readonly name: string
  has(path: string): Promise<boolean>
  /** The whole file as UTF-8 text. Throws `ModelFilesError` when it is missing or is not UTF-8. */
  text(path: string): Promise<string>
  /** The file for random access. Throws `ModelFilesError` when it is missing. */
  open(path: string): Promise<ByteSource>
}

/**
 * Files chosen with `<input type=file webkitdirectory>`, dropped on the page, or made in memory. Folders that
 * all files have in common are left out of the paths. Throws `ModelFilesError` when two files share a path.
 */
export function filesFromList(list: readonly File[] | Map<string, Blob>, name?: string): ModelFiles {
  const given: [string, Blob][] =
    list instanceof Map ? [...list] : list.map(file => [file.webkitRelativePath || file.name, file])
  const paths = given.map(([path]) => path.split('/').filter(part => part !== ''))
  let common = 0
  while (
    paths.every(parts => parts.length > common + 1 && parts[common] === paths[0]![common]) &&
    paths.length > 0
  )
    common++
  const blobs = new Map<string, Blob>()
  const label = name ?? (common > 0 ? paths[0]![common - 1]! : 'chosen files')
  for (const [i, [, blob]] of given.entries()) {
    const path = paths[i]!.slice(common).join('/')
    if (blobs.has(path))
      throw new ModelFilesError(
        `${label}: two of the files are called '${path}'; choose the folder of one model`,
      )
    blobs.set(path, blob)
  }
  return modelFiles(label, async path => {
    const blob = blobs.get(path)
    return blob ? blobSource(blob, `${label}/${path}`) : null
  })
}

/** A folder opened with `showDirectoryPicker()`, or one of the origin private file system. */
export function filesFromDirectory(handle: FileSystemDirectoryHandle): ModelFiles {
  const label = handle.name || 'folder'
  return modelFiles(label, async path => {
    const parts = path.split('/')
    const last = parts.pop()!
    try {
      let folder = handle
      for (const part of parts) folder = await folder.getDirectoryHandle(part)
      return blobSource(await (await folder.getFileHandle(last)).getFile(), `${label}/${path}`)
    } catch (error) {
      const missing =
        error instanceof DOMException && ['NotFoundError', 'TypeMismatchError'].includes(error.name)
      if (missing) return null
      throw new ModelFilesError(`${label}/${path}: the browser refused to open it: ${error}`, {
        cause: error,
      })
    }
  })
}

/**
 * Files below an `http:` or `https:` URL. A file is read by ranges when the server honours them, else its body is
 * fetched once, whole. `token` is sent to the origin of `base` only: a redirect to another origin loses it.
 */
export function filesFromUrl(base: string | URL, options: UrlOptions = {}): ModelFiles {
  const root = parseBase(base, options.token)
  const label = root.origin + root.pathname.replace(/\/$/, '')
  return filesOfUrls(label, options, path => {
    const url = new URL(root)
    url.pathname += path.split('/').map(encodeURIComponent).join('/')
    return url
  })
}

/**
 * The files of a model on the Hugging Face Hub, `owner/model`, each read where it is used and never kept; to keep them
 * use `cachedHubFiles`. Throws `ModelFilesError` for an unusable id.
 */
export function filesFromHub(id: string, options: HubOptions = {}): ModelFiles {
  const address = hubAddress(id, options)
  return filesOfUrls(id, options, path => fileUrl(address, address.revision, path))
}

function filesOfUrls(name: string, options: UrlOptions, locate: (path: string) => URL): ModelFiles {
  const checked = (path: string) => locate(checkPath(name, path))
  const ahead = new ReadAhead()
  return {
    name,
    has: async path => urlExists(checked(path), options),
    text: async path => textOfUrl(checked(path), path, options),
    open: async path => openUrl(checked(path), path, options, ahead),
  }
}

/** Model files over a lookup that gives a source, or null where there is no such file. */
export function modelFiles(name: string, find: (path: string) => Promise<ByteSource | null>): ModelFiles {
  const open = async (path: string) => {
    const source = await find(checkPath(name, path))
    if (!source) throw new ModelFilesError(`${name}: there is no file '${path}'`)
    return source
  }
  return {
    name,
    has: async path => (await find(checkPath(name, path))) !== null,
    async text(path) {
      const source = await open(path)
      return decodeText(await source.read(0, source.size), `${name}/${path}`)
    },
    open,
  }
}

/** Paths come from files of the model (an index of shards): none may lead out of its folder. */
export function checkPath(name: string, path: string): string {
  const outside = path.split('/').some(part => part === '' || part === '.' || part === '..')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a control character is what must not pass
  if (outside || /[\\\u0000-\u001f]/.test(path))
    throw new ModelFilesError(`${name}: '${path}' is not a relative path inside the model's folder`)
  return path
}
