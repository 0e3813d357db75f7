import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { appendFile, type FileHandle, open, readFile, rename, rm, truncate } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type { FileDigest } from '../index'
import { digestFile, sizeOf, writeWhole } from './files'
import { LockFile } from './lock-file'
import { UsageError } from './options'

/** What decides a file's bytes; two runs whose identities are the same JSON write the same. */
export type Identity = Readonly<Record<string, unknown>>

/** A line of the log: a chunk whose lines are in the partial file up to `bytes`, with what is to be told of it. */
interface Done {
  readonly chunk: number
  readonly bytes: number
  /** Of the chunk's lines. */
  readonly sha256: string
  readonly notes: readonly unknown[]
}

/**
 * A file that is written in chunks and can be continued after the process was killed. Lines gather in
 * `FILE.partial`; `FILE.partial.log` says which job they belong to and how far they are whole. Finished, it has its
 * name and a manifest beside it. While it is open no other process can open it.
 */
export class ResumableFile implements Disposable {
  readonly #partial: string
  readonly #log: string
  readonly #done: Done[] = []
  #logBytes = 0
  #lock: LockFile | null = null

  private constructor(
    readonly path: string,
    readonly identity: Identity,
  ) {
    this.#partial = `${path}.partial`
    this.#log = `${path}.partial.log`
  }

  /**
   * Begins a file, or continues it where its last whole chunk ends.
   *
   * @returns null if it is finished already
   * @throws {UsageError} if what is there was made by another job, or another process is writing it
   */
  static async open(path: string, identity: Identity): Promise<ResumableFile | null> {
    const file = new ResumableFile(path, identity)
    file.#lock = await LockFile.take(`${file.#partial}.lock`)
    try {
      if (await file.#begin()) return file
    } catch (error) {
      file[Symbol.dispose]()
      throw error
    }
    file[Symbol.dispose]()
    return null
  }

  /** @returns whether there is anything left to write */
  async #begin(): Promise<boolean> {
    if ((await sizeOf(this.path)) !== null) {
      await this.#checkFinished()
      return false
    }
    const log = await readFile(this.#log, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return ''
      throw error
    })
    await this.#restore(log)
    return true
  }

  /** Lets others open it. */
  [Symbol.dispose](): void {
    this.#lock?.[Symbol.dispose]()
  }

  /** The chunk that was finished last; -1 if there is none. */
  get last(): number {
    return this.#done.at(-1)?.chunk ?? -1
  }

  /** What was told of all finished chunks, in order. */
  get notes(): readonly unknown[] {
    return this.#done.flatMap(({ notes }) => notes)
  }

  /** Adds a finished chunk. */
  async append(chunk: number, lines: string, notes: readonly unknown[]): Promise<void> {
    await this.#checkUnchanged()
    const done = { chunk, bytes: this.#bytes + Buffer.byteLength(lines), sha256: sha256(lines), notes }
    // The log never speaks of lines that are not there, whenever the process ends.
    await appendFile(this.#partial, lines)
    await this.#write(`${JSON.stringify(done)}\n`)
    this.#done.push(done)
  }

  /**
   * Gives the file its name.
   *
   * @param beside files that belong to it, by what their names add to its own; null for one that must not be there
   * @param convert makes what the file is to hold, where that is not the lines themselves
   */
  async finish(
    beside: ReadonlyMap<string, string | null>,
    convert?: (lines: string) => Promise<Blob>,
  ): Promise<void> {
    await this.#checkUnchanged()
    const made = convert ? `${this.path}.tmp` : this.#partial
    if (convert) await pipeline((await convert(this.#partial)).stream(), createWriteStream(made))
    const outputs: FileDigest[] = [await digestFile(made, nameOf(this.path))]
    for (const [suffix, content] of beside) {
      if (content === null) {
        await rm(this.path + suffix, { force: true })
        continue
      }
      await writeWhole(this.path + suffix, content)
      outputs.push(await digestFile(this.path + suffix))
    }
    await writeWhole(manifestOf(this.path), `${JSON.stringify({ ...this.identity, outputs }, null, 2)}\n`)
    await rename(made, this.path)
    await this.#removeTraces()
    this[Symbol.dispose]()
  }

  /** Nobody else has written: somebody may have removed the lock, or an older version knows of none. */
  async #checkUnchanged(): Promise<void> {
    const [lines, log] = [(await sizeOf(this.#partial)) ?? 0, await sizeOf(this.#log)]
    if (lines === this.#bytes && log === this.#logBytes && this.#lock?.isHeld) return
    throw new UsageError(`${this.#partial} has changed: is another process writing it? Start one at a time`)
  }

  /** Removes what only an unfinished file needs. */
  async #removeTraces(): Promise<void> {
    for (const path of [this.#partial, this.#log]) await rm(path, { force: true })
  }

  get #bytes(): number {
    return this.#done.at(-1)?.bytes ?? 0
  }

  /** A file that is there is finished, if its manifest says that it is this job's, and it is as it was written. */
  async #checkFinished(): Promise<void> {
    const manifest = await readFile(manifestOf(this.path), 'utf8').catch(() => 'null')
    const { outputs = [], ...identity } = (parsed(manifest) ?? {}) as { outputs?: FileDigest[] }
    const difference = differing(identity, this.identity)
    if (difference !== null) {
      throw new UsageError(
        `${this.path} is there, and another job made it (${difference} differs); remove it, or name another file`,
      )
    }
    const { sha256 } = await digestFile(this.path)
    if (sha256 !== outputs[0]?.sha256) {
      throw new UsageError(`${this.path} was changed after it was made; remove it, or name another file`)
    }
    await this.#removeTraces()
  }

  async #restore(log: string): Promise<void> {
    await appendFile(this.#partial, '')
    const [head, ...lines] = log.split('\n').slice(0, -1)
    if (head === undefined) {
      if ((await sizeOf(this.#partial)) !== 0) {
        throw new UsageError(`${this.#partial} is there without its log, ${this.#log}; remove it`)
      }
      await rm(this.#log, { force: true })
      await this.#write(`${JSON.stringify(this.identity)}\n`)
      return
    }
    const difference = differing(parsed(head), this.identity)
    if (difference !== null) {
      throw new UsageError(
        `${this.#partial} was begun by another job (${difference} differs); finish that one, name another file, or remove ${this.#partial} and ${this.#log}`,
      )
    }
    let whole = Buffer.byteLength(head) + 1
    const partial = await open(this.#partial)
    try {
      for (const line of lines) {
        const done = parsed(line) as Done | undefined
        // After a loss of power the log may be ahead of the lines.
        if (!done || !(await holds(partial, this.#bytes, done))) break
        this.#done.push(done)
        whole += Buffer.byteLength(line) + 1
      }
    } finally {
      await partial.close()
    }
    await truncate(this.#log, whole)
    await truncate(this.#partial, this.#bytes)
    this.#logBytes = whole
  }

  async #write(line: string): Promise<void> {
    await appendFile(this.#log, line)
    this.#logBytes += Buffer.byteLength(line)
  }
}

const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex')

/** Whether a file has a chunk's lines from `begin` on. */
async function holds(file: FileHandle, begin: number, { bytes, sha256: wanted }: Done): Promise<boolean> {
  const lines = Buffer.alloc(bytes - begin)
  const { bytesRead } = await file.read(lines, 0, lines.length, begin)
  return bytesRead === lines.length && sha256(lines) === wanted
}

const manifestOf = (path: string) => `${path}.manifest.json`
const nameOf = (path: string) => path.split(/[\\/]/).at(-1)!

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** Names the first thing in which two identities differ; null if they are the same. */
function differing(found: unknown, wanted: Identity): string | null {
  const keys = new Set([...Object.keys((found ?? {}) as object), ...Object.keys(wanted)])
  for (const key of keys) {
    const [a, b] = [(found as Identity | undefined)?.[key], wanted[key]]
    if (JSON.stringify(a) === JSON.stringify(b)) continue
    const areObjects = [a, b].every(x => typeof x === 'object' && x !== null && !Array.isArray(x))
    return areObjects ? `${key}: ${differing(a, b as Identity)}` : `"${key}"`
  }
  return null
}
