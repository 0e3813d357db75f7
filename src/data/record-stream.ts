import { type Container, type ContainerName, openContainer } from './container'
import { type Content, contentOf, type Source } from './content'
import { contentId } from './content-id'
import { DataError, Unreadable } from './data-error'
import type { Entry } from './entry'
import { type Fields, isFields, kindOf } from './fields'
import { layoutJson } from './json-layout'
import type { Origin, Problem } from './row'
import { SeenIds } from './seen-ids'
import { excerpt } from './utf-8'

/** One way of writing a record of type T in JSON. */
export interface RecordFormat<Name extends string, T> {
  readonly name: Name
  /** The fields, for a person. */
  readonly looks: string
  /** Whether an object is meant as this; its fields may still be wrong. */
  matches(fields: Fields): boolean
  /** @throws {Unreadable} */
  read(fields: Fields): T
}

export interface RecordKind<Name extends string, T> {
  /** What one record is called: "row", "pair". */
  readonly noun: string
  /** Tried in order. */
  readonly formats: readonly RecordFormat<Name, T>[]
  /** An object with one of these is a record, not a wrapper around a list of them. */
  readonly keys: readonly string[]
  /** A hint for an object of no known shape, where there is one. */
  mistaken?(fields: Fields): string | undefined
}

export interface ReadProgress {
  /** Bytes of the file behind us. */
  readonly bytes: number
  readonly totalBytes: number
  /** Records met so far, readable or not. */
  readonly records: number
}

export interface ReadOptions<Name extends string = string> {
  /** Reads every record as this. Default: each by its own shape. */
  readonly format?: Name
  /** Reads the file as this. Default: by its content. */
  readonly container?: ContainerName
  /** What errors call the file. Default: the name of a `File`, else "the file". */
  readonly name?: string
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: ReadProgress) => void
}

/** A record or a problem, in file order. `end`: how much of the file was read to get it, in bytes. */
export type RecordEvent<Name extends string, T> =
  | { readonly record: T & Origin; readonly format: Name; readonly end: number }
  | { readonly problem: Problem; readonly format: Name | undefined; readonly end: number }

/** An opened file of records. */
export interface RecordStream<Name extends string, T> extends Omit<Container, 'entries'> {
  readonly content: Content
  /** The format that most of the first 64 records have. @throws {DataError} when no record has a known shape */
  detectFormat(): Promise<Name>
  /** From the beginning of the file, any number of times. */
  events(): AsyncGenerator<RecordEvent<Name, T>, void, undefined>
}

const bytesBetweenPauses = 2 ** 21
const pause = (): Promise<void> => new Promise(resolve => setTimeout(resolve))
const sampled = 64

/** The format of a record. @throws {Unreadable} when it has the shape of none */
function formatOf<Name extends string, T>(kind: RecordKind<Name, T>, value: Fields): RecordFormat<Name, T> {
  const format = kind.formats.find(one => one.matches(value))
  if (format) return format
  const hint = kind.mistaken?.(value)
  if (hint !== undefined) throw new Unreadable(hint)
  const names = Object.keys(value).slice(0, 6)
  const shown = names.map(name => JSON.stringify(name.slice(0, 40)) + (value[name] === null ? ' (null)' : ''))
  const has = names.length > 0 ? `has the fields ${shown.join(', ')}` : 'is an empty object'
  throw new Unreadable(`${has}; wanted ${kind.formats.map(one => one.looks).join(', or ')}`)
}

/** Reads one file's entries as records, which get ids that differ within the file. */
class EntryReader<Name extends string, T> {
  /** Whether a record had a known shape. */
  recognised = false
  readonly #kind: RecordKind<Name, T>
  readonly #forced: RecordFormat<Name, T> | undefined
  readonly #seen = new SeenIds()

  constructor(kind: RecordKind<Name, T>, forced: RecordFormat<Name, T> | undefined) {
    this.#kind = kind
    this.#forced = forced
  }

  read(entry: Entry): RecordEvent<Name, T> {
    const { index, line, end } = entry
    let format = this.#forced
    const problem = (reason: string, excerpt: string): RecordEvent<Name, T> => ({
      problem: { index, ...(line > 0 ? { line } : {}), reason, excerpt },
      format: format?.name,
      end,
    })
    if ('reason' in entry) {
      format = undefined
      return problem(entry.reason, entry.excerpt)
    }
    const { value, text, range } = entry
    try {
      if (!isFields(value)) throw new Unreadable(`is ${kindOf(value)}, wanted an object`)
      format ??= formatOf(this.#kind, value)
      this.recognised = true
      const content = format.read(value)
      const compact = JSON.stringify(value)
      const hash = contentId(compact)
      const id = this.#seen.add(hash) ? hash : `${hash}-${index}`
      const source = text === compact || layoutJson(text, 0) === compact ? {} : { source: text }
      const origin = { index, id, raw: value, ...source, ...(range ? { range } : {}) }
      return { record: { ...content, ...origin }, format: format.name, end }
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      return problem(error.message, excerpt(text))
    }
  }
}

/** Counts formats; the first met wins where two are equally frequent. */
export class FormatCounts<Name extends string> {
  total = 0
  readonly #counts = new Map<Name, number>()

  add(format: Name | undefined): void {
    if (format === undefined) return
    this.total++
    this.#counts.set(format, (this.#counts.get(format) ?? 0) + 1)
  }

  get most(): Name | undefined {
    let most: Name | undefined
    for (const [name, count] of this.#counts)
      if (most === undefined || count > this.#counts.get(most)!) most = name
    return most
  }
}

/** Why a file without any record of a known shape has none. */
function nothing(
  noun: string,
  container: ContainerName,
  total: number,
  parsed: number,
  first: Problem | undefined,
): DataError {
  const isTable = container === 'csv' || container === 'tsv'
  if (!first)
    return new DataError(
      isTable
        ? `has a line of column names and nothing behind it: it holds no ${noun}s`
        : `is an empty list: it holds no ${noun}s`,
    )
  const line = first.line === undefined ? '' : ` (line ${first.line})`
  const begins = `(it begins ${first.excerpt})`
  const isJson = container === 'json' || container === 'jsonl'
  if (isJson && parsed === 0 && total > 1)
    return new DataError(
      `is neither JSON nor JSON lines: ${noun} ${first.index + 1}${line} ${first.reason} ${begins}. ` +
        'A CSV or TSV needs a first line that names its columns, such as instruction and output',
    )
  if (isJson && parsed === 0)
    return new DataError(`is not JSON: line ${first.line} ${first.reason} ${begins}`)
  const none =
    total === 1
      ? `its only ${noun}${isTable && parsed === 0 ? line : ''}`
      : `none of its ${total} entries is a ${noun} that can be read. The first`
  return new DataError(`holds no ${noun}s: ${none} ${first.reason}`)
}

/** Does `work`, whose errors get the file's name in front. */
async function named<R>(name: string, signal: AbortSignal | undefined, work: () => Promise<R>): Promise<R> {
  try {
    return await work()
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof DataError) throw new DataError(`${name} ${error.message}.`, { cause: error })
    if (!(error instanceof DOMException)) throw error
    throw new DataError(
      `${name} cannot be read: ${error.message}. Choose it again: it may have been moved or changed.`,
      { cause: error },
    )
  }
}

/**
 * Opens a file of records. Its events end with a `DataError` if no record had a known shape.
 *
 * @throws {DataError} for a file that cannot be read at all
 */
export async function openRecords<Name extends string, T>(
  source: Source,
  kind: RecordKind<Name, T>,
  options: ReadOptions<Name>,
): Promise<RecordStream<Name, T>> {
  const { signal, onProgress } = options
  const name = options.name ?? (source instanceof Blob && 'name' in source ? String(source.name) : 'the file')
  const forced = kind.formats.find(format => format.name === options.format)
  if (options.format !== undefined && !forced) {
    const known = kind.formats.map(format => format.name).join(', ')
    throw new DataError(
      `${name} cannot be read as "${options.format}"; the formats of a ${kind.noun} are ${known}.`,
    )
  }
  signal?.throwIfAborted()
  const content = contentOf(source)
  const opened = await named(name, signal, () => openContainer(content, kind.keys, options.container))
  const { totalBytes } = opened

  async function* read(): AsyncGenerator<RecordEvent<Name, T>, void, undefined> {
    const reader = new EntryReader(kind, forced)
    let first: Problem | undefined
    let total = 0
    let parsed = 0
    for await (const entry of opened.entries()) {
      total++
      if ('value' in entry) parsed++
      const event = reader.read(entry)
      if ('problem' in event) first ??= event.problem
      yield event
    }
    if (!reader.recognised) throw nothing(kind.noun, opened.container, total, parsed, first)
  }

  async function* events(): AsyncGenerator<RecordEvent<Name, T>, void, undefined> {
    const iterator = read()
    let paused = 0
    let records = 0
    try {
      for (;;) {
        const { value: event, done } = await named(name, signal, () => iterator.next())
        if (done) break
        records++
        yield event
        if (event.end - paused >= bytesBetweenPauses) {
          paused = event.end
          onProgress?.({ bytes: event.end, totalBytes, records })
          await pause()
          signal?.throwIfAborted()
        }
      }
    } finally {
      await iterator.return()
    }
    onProgress?.({ bytes: totalBytes, totalBytes, records })
    signal?.throwIfAborted()
  }

  async function detectFormat(): Promise<Name> {
    if (forced) return forced.name
    return named(name, signal, async () => {
      const counts = new FormatCounts<Name>()
      let met = 0
      for await (const event of read()) {
        met++
        counts.add(event.format)
        if (counts.total === sampled || (counts.total > 0 && met === 16 * sampled)) break
        if (met % 1024 === 0) signal?.throwIfAborted()
      }
      return counts.most!
    })
  }

  return { ...opened, content, detectFormat, events }
}
