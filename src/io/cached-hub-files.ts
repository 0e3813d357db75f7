import { type ByteSource, checkRange, decodeText } from './byte-source'
import { listModels } from './cached-models'
import { findRevision, renewRevision } from './cached-revision'
import { downloadFile, type FileLink, fetchPiece } from './file-download'
import { type HubAddress, hubAddress } from './hub-address'
import { DamagedFileError, HubError } from './hub-error'
import { checkPath, type ModelFiles } from './model-files'
import { type ListedFile, listedUrl, type ModelInfo, type ModelInfoOptions } from './model-info'
import { bytesText, isFull, type ModelStore, StorageFullError } from './model-store'
import { modelFolder, readRecord, removeUnused, touch } from './revision-record'
import { PIECE_BYTES, StoredFile } from './stored-file'
import { isWeights } from './wanted-files'

export interface CachedHubOptions extends ModelInfoOptions {
  /** Where the files stay: `opfsStore()` in a browser, `folderStore()` in Node. */
  store: ModelStore
  /** Uses what is in the store and asks for nothing. */
  offline?: boolean
  /** Whether a piece of the store that was damaged is downloaded again; so it is when left out. */
  repair?: boolean
}

/**
 * The files of a model on the Hub, `owner/model`, kept in a store: a file is downloaded when it is first opened, and
 * read from the store ever after, each piece checked against its SHA-256. All files are of one commit. A download that
 * was ended in any way is continued by the next one. Requests are `HubError` where they fail.
 *
 * @throws {ModelFilesError} for an unusable id
 */
export function cachedHubFiles(id: string, options: CachedHubOptions): ModelFiles {
  const cached = new CachedModel(hubAddress(id, options), options)
  const named = (path: string) => checkPath(id, path)
  return {
    name: id,
    has: async path => (await cached.find(named(path))) !== null,
    async text(path) {
      const source = await cached.open(named(path))
      return decodeText(await source.read(0, source.size), `${id}/${path}`)
    },
    open: async path => cached.open(named(path)),
  }
}

/** Downloads all files of a model that computing with it takes, and gives what was fetched. */
export async function fetchModel(id: string, options: CachedHubOptions): Promise<ModelInfo> {
  const cached = new CachedModel(hubAddress(id, options), options)
  return cached.fetchWanted()
}

class CachedModel {
  readonly #address: HubAddress
  readonly #options: CachedHubOptions
  readonly #folder: string
  #info: Promise<ModelInfo> | null = null
  /** The last piece that was read and checked: tensors of one piece are asked for one after the other. */
  #last: { of: StoredFile; index: number; bytes: Promise<Uint8Array<ArrayBuffer>> } | null = null
  /** Downloads wait for each other: pieces of only one file at a time are in memory. */
  #queue: Promise<unknown> = Promise.resolve()
  #touched = false

  constructor(address: HubAddress, options: CachedHubOptions) {
    this.#address = address
    this.#options = options
    this.#folder = modelFolder(address)
  }

  async find(path: string): Promise<ListedFile | null> {
    return (await this.#listing()).files.find(file => file.path === path) ?? null
  }

  async open(path: string): Promise<ByteSource> {
    const file = await this.find(path)
    if (!file) throw new HubError('missing', `${this.#address.id}: there is no file '${path}'`)
    const stored = await this.#inTurn(async () => {
      // With the weights come the small files, so that the model is whole without a connection.
      if (isWeights(path)) await this.#fetch(other => other.wanted && other.size <= PIECE_BYTES)
      return this.#ensure(file)
    })
    const name = `${this.#address.id}/${path}`
    // Of what was stored: the listing may have been renewed on the way.
    const { size } = stored.file
    return {
      size,
      read: async (begin, end) => {
        checkRange(name, size, begin, end)
        const bytes = new Uint8Array(end - begin)
        for (let at = begin; at < end; ) {
          const index = Math.floor(at / PIECE_BYTES)
          const piece = await this.#piece(stored, index)
          const from = at - index * PIECE_BYTES
          const part = piece.subarray(from, from + end - at)
          bytes.set(part, at - begin)
          at += part.length
        }
        return bytes
      },
    }
  }

  async fetchWanted(): Promise<ModelInfo> {
    await this.#inTurn(() => this.#fetch(file => file.wanted))
    return this.#listing()
  }

  #listing(): Promise<ModelInfo> {
    this.#info ??= findRevision(this.#options.store, this.#address, this.#options).catch(error => {
      // The next call may have a connection.
      this.#info = null
      throw error
    })
    return this.#info
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work)
    this.#queue = turn.catch(() => {})
    return turn
  }

  async #fetch(which: (file: ListedFile) => boolean): Promise<void> {
    for (const file of (await this.#listing()).files) {
      if (!which(file)) continue
      const { path, size } = (await this.#ensure(file)).file
      this.#options.onProgress?.({ path, loaded: size, total: size })
    }
  }

  /** The file in the store, whole. */
  async #ensure(file: ListedFile, renews = true): Promise<StoredFile> {
    const { store, signal, offline } = this.#options
    const info = await this.#listing()
    if (!this.#touched) await touch(store, this.#folder, info.commit).catch(() => {})
    this.#touched = true
    const found = await StoredFile.open(store, this.#folder, file)
    if (found.isComplete) return found
    if (offline)
      throw new HubError(
        'offline',
        `${this.#address.id}/${file.path} is not wholly in the cache (${store.name}); load it once with a connection`,
      )
    const work = async () => {
      const stored = await StoredFile.open(store, this.#folder, file)
      // Another tab or process may have been first.
      if (!stored.isComplete) await this.#download(stored, info)
      return stored
    }
    try {
      return await store.lock(`${this.#folder}/download`, work, { signal })
    } catch (error) {
      // What came was not what is listed: the listing may be the one that is old.
      if (!(error instanceof HubError && ['changed', 'broken'].includes(error.reason))) throw error
      const renewed = await renewRevision(store, this.#address, this.#options)
      const now = renewed.files.find(({ path }) => path === file.path)
      if (!renews || !now || now.digest === file.digest) throw error
      this.#info = Promise.resolve(renewed)
      return this.#ensure(now, false)
    }
  }

  async #download(stored: StoredFile, info: ModelInfo): Promise<void> {
    const { store, onProgress } = this.#options
    const { path, size } = stored.file
    // What a revision listed that has been replaced. Without a record of this one, its own pieces are not listed.
    if (await readRecord(store, this.#folder, info.commit)) await removeUnused(store, this.#folder)
    await store.persist().catch(() => {})
    const needed = await this.#missing(stored, info)
    const free = await store.free()
    if (free !== null && free < needed) throw await this.#full(needed, free)
    try {
      await downloadFile(stored, this.#link(stored, info), loaded => {
        onProgress?.({ path, loaded, total: size })
      })
    } catch (error) {
      if (!isFull(error)) throw error
      const { present } = await StoredFile.open(store, this.#folder, stored.file)
      const room = await store.free()
      // Chromium says that there is more room than it gives, so that pages learn nothing of the disk.
      throw await this.#full(size - present, room !== null && room < size - present ? room : null, error)
    }
  }

  /** Bytes to come: of the first weights, those of all the others too, so that nothing is fetched in vain. */
  async #missing(stored: StoredFile, { files }: ModelInfo): Promise<number> {
    let bytes = stored.file.size - stored.present
    if (!isWeights(stored.file.path)) return bytes
    const others = files.filter(({ wanted, digest }) => wanted && digest !== stored.file.digest)
    for (const file of others) {
      const other = await StoredFile.open(this.#options.store, this.#folder, file)
      bytes += file.size - other.present
    }
    return bytes
  }

  async #full(needed: number, free: number | null, cause?: unknown): Promise<StorageFullError> {
    const { store } = this.#options
    const { id } = this.#address
    const models = (await listModels(store)).filter(
      model => modelFolder(model) !== this.#folder && model.bytes > 0,
    )
    const room = free === null ? '' : `, ${bytesText(free)} are free`
    const list = models.map(model => `${model.id} (${bytesText(model.bytes)})`).join(', ')
    const way = list
      ? `remove a cached model that is not needed: ${list}`
      : 'the cache holds no other model: free space elsewhere'
    return new StorageFullError(
      `${id}: ${bytesText(needed)} are still to be stored in ${store.name}${room}; ${way}`,
      needed,
      free,
      models,
      { cause },
    )
  }

  #link({ file }: StoredFile, info: ModelInfo): FileLink {
    const { retry } = this.#options
    return {
      url: listedUrl(this.#address, info, file),
      address: this.#address,
      options: this.#options,
      retry,
    }
  }

  #piece(of: StoredFile, index: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#last?.of === of && this.#last.index === index) return this.#last.bytes
    const last = { of, index, bytes: this.#readOrRepair(of, index) }
    this.#last = last
    last.bytes.catch(() => {
      // A failure must not answer the next read, which may succeed.
      if (this.#last === last) this.#last = null
    })
    return last.bytes
  }

  async #readOrRepair(stored: StoredFile, index: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await stored.read(index)
    if (bytes) return bytes
    const { repair = true, offline } = this.#options
    const { begin, end } = stored.bytesOf(index)
    const what = `${this.#address.id}/${stored.file.path}: bytes ${begin} to ${end} of the cached file are damaged`
    const way = `load the model with a connection, or remove it from the cache and load it again`
    if (!repair || offline) throw new DamagedFileError(`${what} (${this.#options.store.name}); ${way}`)
    try {
      const info = await this.#listing()
      const fresh = await fetchPiece(stored, index, this.#link(stored, info))
      if (await stored.isPiece(index, fresh)) {
        await this.#mend(stored, index, fresh, info)
        return fresh
      }
    } catch (cause) {
      if (!(cause instanceof HubError)) throw cause
      throw new DamagedFileError(`${what} and could not be downloaded again; ${way}: ${cause.message}`, {
        cause,
      })
    }
    throw new DamagedFileError(
      `${what}, and the server now gives other ones; remove the model and load it again`,
    )
  }

  /** Keeps a piece that came anew, where it can be kept. A model that was removed while it is read stays removed. */
  async #mend(stored: StoredFile, index: number, bytes: Uint8Array<ArrayBuffer>, { commit }: ModelInfo) {
    try {
      if (await readRecord(this.#options.store, this.#folder, commit)) await stored.write(index, bytes)
    } catch (error) {
      if (!isFull(error)) throw error
    }
  }
}
