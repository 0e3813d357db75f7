import { openContainer, type Source } from './container'
import { contentId } from './content-id'
import { DataError, Unreadable } from './data-error'
import { type Fields, isFields, kindOf } from './fields'
import { layoutJson } from './json-layout'
import type { Origin, Problem } from './row'
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
  /** What errors call the file. Default: the name of a `File`, else "the file". */
  readonly name?: string
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: ReadProgress) => void
}

export interface Records<Name extends string, T> {
  readonly container: 'json' | 'jsonl'
  readonly format: Name
  readonly records: readonly (T & Origin)[]
  readonly problems: readonly Problem[]
  readonly total: number
}

const bytesBetweenPauses = 2 ** 21
const pause = (): Promise<void> => new Promise(resolve => setTimeout(resolve))

/** Finds the format, reads the record. @throws {Unreadable} */
function readRecord<Name extends string, T>(
  kind: RecordKind<Name, T>,
  value: unknown,
  forced: RecordFormat<Name, T> | undefined,
): { format: RecordFormat<Name, T>; read: () => T } {
  if (!isFields(value)) throw new Unreadable(`is ${kindOf(value)}, wanted an object`)
  const format = forced ?? kind.formats.find(one => one.matches(value))
  if (format) return { format, read: () => format.read(value) }
  const hint = kind.mistaken?.(value)
  if (hint !== undefined) throw new Unreadable(hint)
  const names = Object.keys(value).slice(0, 6)
  const shown = names.map(name => JSON.stringify(name.slice(0, 40)) + (value[name] === null ? ' (null)' : ''))
  const has = names.length > 0 ? `has the fields ${shown.join(', ')}` : 'is an empty object'
  throw new Unreadable(`${has}; wanted ${kind.formats.map(one => one.looks).join(', or ')}`)
}

async function readAll<Name extends string, T>(
  source: Source,
  kind: RecordKind<Name, T>,
  { format: forcedName, signal, onProgress }: ReadOptions<Name>,
): Promise<Records<Name, T>> {
  const forced = kind.formats.find(format => format.name === forcedName)
  if (forcedName !== undefined && !forced) {
    const known = kind.formats.map(format => format.name).join(', ')
    throw new DataError(`cannot be read as "${forcedName}"; the formats of a ${kind.noun} are ${known}`)
  }
  signal?.throwIfAborted()
  const { container, totalBytes, entries } = await openContainer(source, kind.keys)
  const records: (T & Origin)[] = []
  const problems: Problem[] = []
  const seen = new Set<string>()
  const met = new Map<Name, number>()
  let total = 0
  let parsed = 0
  let paused = 0
  for await (const entry of entries) {
    total++
    const { index, line } = entry
    if ('reason' in entry) {
      problems.push({ index, line, reason: entry.reason, excerpt: entry.excerpt })
    } else {
      parsed++
      try {
        const { format, read } = readRecord(kind, entry.value, forced)
        met.set(format.name, (met.get(format.name) ?? 0) + 1)
        const record = read()
        const compact = JSON.stringify(entry.value)
        const content = contentId(compact)
        const id = seen.has(content) ? `${content}-${index}` : content
        seen.add(content)
        const source =
          entry.text === compact || layoutJson(entry.text, 0) === compact ? {} : { source: entry.text }
        records.push({ index, id, ...record, raw: entry.value, ...source })
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error
        problems.push({ index, line, reason: error.message, excerpt: excerpt(entry.text) })
      }
    }
    if (entry.end - paused >= bytesBetweenPauses) {
      paused = entry.end
      onProgress?.({ bytes: entry.end, totalBytes, records: total })
      await pause()
      signal?.throwIfAborted()
    }
  }
  onProgress?.({ bytes: totalBytes, totalBytes, records: total })
  signal?.throwIfAborted()
  const [format] = [...met].reduce<[Name?, number?]>(
    (most, one) => (one[1] > (most[1] ?? 0) ? one : most),
    [],
  )
  if (format === undefined) throw new DataError(nothing(kind, total, parsed, problems))
  return { container, format, records, problems, total }
}

function nothing(
  kind: { readonly noun: string },
  total: number,
  parsed: number,
  problems: readonly Problem[],
): string {
  const [first] = problems
  if (!first) return `is an empty list: it holds no ${kind.noun}s`
  const place = `${kind.noun} ${first.index + 1} (line ${first.line})`
  if (parsed === 0 && total > 1)
    return `is neither JSON nor JSON lines: ${place} ${first.reason} (it begins ${first.excerpt})`
  if (parsed === 0) return `is not JSON: line ${first.line} ${first.reason} (it begins ${first.excerpt})`
  const none =
    total === 1
      ? `its only ${kind.noun}`
      : `none of its ${total} entries is a ${kind.noun} that can be read. The first`
  return `holds no ${kind.noun}s: ${none} ${first.reason}`
}

/**
 * Reads every record of a file. What cannot be read becomes a problem: `records` and `problems` add up to `total`.
 * `format` is the one most records have, the first met where two are equally frequent.
 *
 * @throws {DataError} when the file is not JSON or JSON lines, breaks off, or has no record of a known shape
 */
export async function readRecords<Name extends string, T>(
  source: Source,
  kind: RecordKind<Name, T>,
  options: ReadOptions<Name>,
): Promise<Records<Name, T>> {
  try {
    return await readAll(source, kind, options)
  } catch (error) {
    options.signal?.throwIfAborted()
    const name =
      options.name ?? (source instanceof Blob && 'name' in source ? String(source.name) : 'the file')
    if (error instanceof DataError) throw new DataError(`${name} ${error.message}.`, { cause: error })
    if (!(error instanceof DOMException)) throw error
    throw new DataError(
      `${name} cannot be read: ${error.message}. Choose it again: it may have been moved or changed.`,
      {
        cause: error,
      },
    )
  }
}
