import { DataError } from './data-error'
import { documentRows } from './json-document'
import { type Line, readLines } from './json-lines'
import { scanJson, skipSpace } from './json-scanner'
import { decodeUtf8, excerpt, invalidUtf8At } from './utf-8'

/** A file's content; a string is taken as its text. */
export type Source = Blob | Uint8Array | string

/** One place where a row was expected: its JSON, or why there is none. */
export type Entry =
  | { readonly index: number; readonly line: number; readonly text: string; readonly value: unknown }
  | { readonly index: number; readonly line: number; readonly reason: string; readonly excerpt: string }

export interface Container {
  readonly totalBytes: number
  readonly container: 'json' | 'jsonl'
  /** `end`: offset just past the entry, for progress. */
  readonly entries: AsyncIterable<Entry & { readonly end: number }>
}

/** Rows over this many bytes are problems. */
export const maxRowBytes = 64 * 2 ** 20
/** Rows that nest lists and objects deeper are problems: `JSON.stringify` and `structuredClone` recurse. */
export const maxDepth = 256
/** A JSON document is held in memory whole; JSON lines are not. */
export const maxDocumentBytes = 2 ** 30

const foreign: readonly (readonly [magic: string, what: string])[] = [
  ['PAR1', 'a Parquet file'],
  ['ARROW1', 'an Arrow file'],
  ['PK\u0003\u0004', 'a ZIP archive or an office document'],
  ['\u001f\u008b', 'a gzip archive'],
  ['\u0028\u00b5\u002f\u00fd', 'a Zstandard archive'],
  ['%PDF', 'a PDF'],
  ['\u00ff\u00fe', 'text in UTF-16'],
  ['\u00fe\u00ff', 'text in UTF-16'],
]

function reasonAgainst(bytes: Uint8Array, depth: number, tooLong: boolean): string | undefined {
  if (tooLong || bytes.length > maxRowBytes) return `is longer than ${maxRowBytes / 2 ** 20} MB`
  if (depth > maxDepth) return `nests lists and objects ${depth} deep; at most ${maxDepth} is read`
  return undefined
}

function entryOf(index: number, line: number, bytes: Uint8Array, depth: number): Entry {
  const text = decodeUtf8(bytes)
  if (text === undefined) {
    const at = invalidUtf8At(bytes)
    const reason = `is not UTF-8: byte 0x${bytes[at]?.toString(16)} at position ${at} fits no character`
    return { index, line, reason, excerpt: excerpt(bytes) }
  }
  const reason = reasonAgainst(bytes, depth, false)
  if (reason !== undefined) return { index, line, reason, excerpt: excerpt(text) }
  return { index, line, text, value: JSON.parse(text) as unknown }
}

function lineEntry(index: number, { number: line, bytes, tooLong }: Line): Entry {
  if (tooLong) return { index, line, reason: reasonAgainst(bytes, 0, true)!, excerpt: excerpt(bytes) }
  const span = scanJson(bytes)
  if ('reason' in span) {
    const invalid = invalidUtf8At(bytes)
    if (invalid !== -1 && invalid <= span.at) return entryOf(index, line, bytes, 0)
    const what = span.truncated ? 'breaks off' : 'is not JSON'
    return { index, line, reason: `${what} at position ${span.at}: ${span.reason}`, excerpt: excerpt(bytes) }
  }
  const rest = skipSpace(bytes, span.end)
  if (rest < bytes.length) {
    return {
      index,
      line,
      reason: `has more text after its JSON, at position ${rest}`,
      excerpt: excerpt(bytes),
    }
  }
  return entryOf(index, line, bytes, span.depth)
}

const withoutMark = (line: Line): Line => {
  const marked =
    line.number === 1 && line.bytes[0] === 0xef && line.bytes[1] === 0xbb && line.bytes[2] === 0xbf
  return marked ? { ...line, bytes: line.bytes.subarray(3) } : line
}

async function* lineEntries(file: Blob): AsyncGenerator<Entry & { end: number }, void, undefined> {
  let index = 0
  for await (const line of readLines(file, maxRowBytes)) {
    const end = line.at + line.bytes.length
    const unmarked = withoutMark(line)
    if (!unmarked.tooLong && skipSpace(unmarked.bytes, 0) === unmarked.bytes.length) continue
    yield { ...lineEntry(index++, unmarked), end }
  }
}

async function openDocument(file: Blob, recordKeys: readonly string[]): Promise<Container> {
  if (file.size > maxDocumentBytes) {
    const size = (file.size / 2 ** 30).toFixed(1)
    throw new DataError(
      `is one JSON document of ${size} GB; at most 1 GB is read. Save it as JSON lines, one row a line`,
    )
  }
  const bytes = new Uint8Array(await file.arrayBuffer())
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  const { elements, isRecord } = documentRows(bytes, marked ? 3 : 0, recordKeys)
  async function* entries(): AsyncGenerator<Entry & { end: number }, void, undefined> {
    let line = 1
    let counted = 0
    for (const [index, { from, to, depth }] of elements.entries()) {
      for (; counted < from; counted++) if (bytes[counted] === 0x0a) line++
      yield { ...entryOf(index, line, bytes.subarray(from, to), depth), end: to }
    }
  }
  const [only] = elements
  const onOneLine = isRecord && !bytes.subarray(only?.from, only?.to).includes(0x0a)
  return { container: onOneLine ? 'jsonl' : 'json', totalBytes: file.size, entries: entries() }
}

/** The first lines that are not blank, at most `count`; none behind one that is too long. */
async function firstLines(file: Blob, count: number): Promise<readonly Line[]> {
  const first: Line[] = []
  let bytes = 0
  for await (const line of readLines(file, maxRowBytes)) {
    const unmarked = withoutMark(line)
    if (unmarked.tooLong || skipSpace(unmarked.bytes, 0) < unmarked.bytes.length) first.push(unmarked)
    bytes += line.bytes.length
    if (first.length === count || line.tooLong || bytes > maxRowBytes) break
  }
  return first
}

const isWholeObject = ({ bytes }: Line): boolean => bytes[skipSpace(bytes, 0)] === 0x7b && isWhole(bytes)

/**
 * Tells a JSON document from JSON lines by its content and gives its entries in file order. `recordKeys`: a single
 * object with one of them is a row, not a wrapper around a list of rows.
 *
 * @throws {DataError} when the file is empty, of a foreign kind, or a broken document
 */
export async function openContainer(source: Source, recordKeys: readonly string[]): Promise<Container> {
  const file =
    source instanceof Blob ? source : new Blob([typeof source === 'string' ? source : source.slice()])
  if (file.size === 0) throw new DataError('is empty')
  const head = String.fromCharCode(...new Uint8Array(await file.slice(0, 8).arrayBuffer()))
  const kind = foreign.find(([magic]) => head.startsWith(magic))
  if (kind) throw new DataError(`is ${kind[1]}; wanted JSON or JSON lines in UTF-8`)
  const [first, second] = await firstLines(file, 2)
  if (!first) throw new DataError('is empty: it holds only white space')

  const lines = (): Container => ({ container: 'jsonl', totalBytes: file.size, entries: lineEntries(file) })
  const opening = first.bytes[skipSpace(first.bytes, 0)]
  if (opening !== 0x5b && opening !== 0x7b) return lines()
  const alone = !first.tooLong && isWhole(first.bytes)
  if (alone && second) return lines()
  if (alone || opening === 0x5b || first.tooLong) return openDocument(file, recordKeys)
  // An object that does not end on its line: a document laid out over many, or lines of which the first is broken.
  try {
    return await openDocument(file, recordKeys)
  } catch (error) {
    const later = (await firstLines(file, 33)).slice(1)
    const whole = later.filter(isWholeObject).length
    if (whole > 0 && 2 * whole >= later.length) return lines()
    throw error
  }
}

function isWhole(bytes: Uint8Array): boolean {
  const span = scanJson(bytes)
  return 'end' in span && skipSpace(bytes, span.end) === bytes.length
}
