import { sha256Of } from './content-hash'
import type { ListedFile } from './model-info'
import type { ModelStore } from './model-store'

/** Files are kept in pieces of this many bytes; the last one may be shorter. */
export const PIECE_BYTES = 8 * 2 ** 20

const complete = 'complete'

/**
 * A downloaded file in a store: a folder with one file for each piece, which is called by its place and its SHA-256.
 * So the folder itself says what has arrived, and every piece can be checked whenever it is read, whatever ended the
 * process that wrote it. The mark `complete` is set when the digest of the whole has been checked.
 */
export class StoredFile {
  /** The SHA-256 of each piece that is there, by its place. */
  #pieces: (string | undefined)[] = []
  #isComplete = false

  private constructor(
    private readonly store: ModelStore,
    private readonly folder: string,
    readonly file: ListedFile,
  ) {}

  /** @param model the folder of the model in the store */
  static async open(store: ModelStore, model: string, file: ListedFile): Promise<StoredFile> {
    const stored = new StoredFile(store, `${model}/blobs/${file.digest}`, file)
    for (const name of await store.list(stored.folder)) {
      const [index, digest] = parsePiece(name) ?? []
      if (index !== undefined && index < stored.count) stored.#pieces[index] = digest
      if (name === complete) stored.#isComplete = true
    }
    return stored
  }

  /** Pieces of the whole file. */
  get count(): number {
    return Math.ceil(this.file.size / PIECE_BYTES)
  }

  /** Whether all pieces are there, and were once what the Hub lists. */
  get isComplete(): boolean {
    return this.#isComplete && Array.from({ length: this.count }, (_, i) => this.#pieces[i]).every(Boolean)
  }

  /** Bytes of the pieces that are there, by their number. */
  get present(): number {
    let bytes = 0
    for (let i = 0; i < this.count; i++) if (this.#pieces[i]) bytes += this.bytesOf(i).length
    return bytes
  }

  bytesOf(index: number): { begin: number; end: number; length: number } {
    const begin = index * PIECE_BYTES
    const end = Math.min(this.file.size, begin + PIECE_BYTES)
    return { begin, end, length: end - begin }
  }

  /** A piece as it was written; null where it is not there or is damaged. */
  async read(index: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const digest = this.#pieces[index]
    if (!digest) return null
    const bytes = await this.store.read(this.#path(index, digest))
    return bytes?.length === this.bytesOf(index).length && (await sha256Of(bytes)) === digest ? bytes : null
  }

  /** Keeps a piece, in place of another that may be there. */
  async write(index: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const digest = await sha256Of(bytes)
    const before = this.#pieces[index]
    if (before && before !== digest) await this.#drop(index, before)
    await this.store.write(this.#path(index, digest), bytes)
    this.#pieces[index] = digest
  }

  /** Whether bytes are those of a piece as it was once written. */
  async isPiece(index: number, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
    return (await sha256Of(bytes)) === this.#pieces[index]
  }

  async setComplete(): Promise<void> {
    await this.store.write(`${this.folder}/${complete}`, new Uint8Array(0))
    this.#isComplete = true
  }

  /** Removes what is no part of the first `kept` pieces: later ones, and what a killed process left. */
  async keepFirst(kept: number): Promise<void> {
    this.#isComplete = false
    const names = new Set(this.#pieces.slice(0, kept).map((digest, index) => pieceName(index, digest ?? '')))
    for (const name of await this.store.list(this.folder))
      if (!names.has(name)) await this.store.remove(`${this.folder}/${name}`)
    this.#pieces = this.#pieces.slice(0, kept)
  }

  async #drop(index: number, digest: string): Promise<void> {
    await this.store.remove(this.#path(index, digest))
    this.#pieces[index] = undefined
  }

  #path(index: number, digest: string): string {
    return `${this.folder}/${pieceName(index, digest)}`
  }
}

const pieceName = (index: number, digest: string) => `${String(index).padStart(6, '0')}-${digest}`

function parsePiece(name: string): [number, string] | null {
  const [, index, digest] = /^(\d{6})-([0-9a-f]{64})$/.exec(name) ?? []
  return index !== undefined && digest !== undefined ? [Number(index), digest] : null
}
