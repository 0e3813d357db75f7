import { type Chunk, collect } from './content'
import { DataError } from './data-error'
import { type Entry, jsonEntry, maxRowBytes, tooLong } from './entry'
import { documentRows } from './json-document'
import { type Line, readLines } from './json-lines'
import { scanJson, skipSpace } from './json-scanner'
import { excerpt, invalidUtf8At } from './utf-8'

/** A text, unpacked, that can be read any number of times. `totalBytes`: of the file as it lies on disk. */
export interface Text {
  readonly totalBytes: number
  chunks(): AsyncGenerator<Chunk, void, undefined>
}

/** Entries in file order, any number of times. */
export interface Entries {
  readonly container: 'json' | 'jsonl'
  entries(): AsyncGenerator<Entry, void, undefined>
}

/** A JSON document is held in memory whole; JSON lines are not. */
const maxDocumentBytes = 2 ** 30

/** Bytes of a byte order mark at the beginning. */
export const markLength = (bytes: Uint8Array): number =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0

const withoutMark = (line: Line): Line => {
  const mark = line.number === 1 ? markLength(line.bytes) : 0
  return mark > 0 ? { ...line, at: line.at + mark, bytes: line.bytes.subarray(mark) } : line
}

const isBlank = (line: Line): boolean => !line.tooLong && skipSpace(line.bytes, 0) === line.bytes.length

function lineEntry(index: number, line: Line): Entry {
  const { bytes } = line
  const place = { index, line: line.number, end: line.end }
  const problem = (reason: string): Entry => ({ ...place, reason, excerpt: excerpt(bytes) })
  if (line.tooLong) return problem(tooLong)
  const range = [line.at, line.at + bytes.length] as const
  const span = scanJson(bytes)
  if ('reason' in span) {
    const invalid = invalidUtf8At(bytes)
    if (invalid !== -1 && invalid <= span.at) return jsonEntry(place, bytes, 0, range)
    const what = span.truncated ? 'breaks off' : 'is not JSON'
    return problem(`${what} at position ${span.at}: ${span.reason}`)
  }
  const rest = skipSpace(bytes, span.end)
  if (rest < bytes.length) return problem(`has more text after its JSON, at position ${rest}`)
  return jsonEntry(place, bytes, span.depth, range)
}

/** Each line that is not blank as one entry. */
export function jsonLines(text: Text): Entries {
  async function* entries(): AsyncGenerator<Entry, void, undefined> {
    let index = 0
    for await (const line of readLines(text.chunks(), maxRowBytes)) {
      const unmarked = withoutMark(line)
      if (!isBlank(unmarked)) yield lineEntry(index++, unmarked)
    }
  }
  return { container: 'jsonl', entries }
}

/**
 * The rows of one JSON document, which is held in memory. An object on one line counts as JSON lines.
 *
 * @throws {DataError} when it is too large, or as `documentRows`
 */
export async function jsonDocument(text: Text, recordKeys: readonly string[]): Promise<Entries> {
  const bytes = await collect(text.chunks(), maxDocumentBytes)
  if (!bytes) {
    throw new DataError(
      'is one JSON document of more than 1 GB; at most 1 GB is read. Save it as JSON lines, one row a line',
    )
  }
  const { elements, isRecord } = documentRows(bytes, markLength(bytes), recordKeys)
  async function* entries(): AsyncGenerator<Entry, void, undefined> {
    let line = 1
    let counted = 0
    for (const [index, { from, to, depth }] of elements.entries()) {
      for (; counted < from; counted++) if (bytes![counted] === 0x0a) line++
      const end = Math.round((to / bytes!.length) * text.totalBytes)
      yield jsonEntry({ index, line, end }, bytes!.subarray(from, to), depth, [from, to])
    }
  }
  const [only] = elements
  const onOneLine = isRecord && !bytes.subarray(only?.from, only?.to).includes(0x0a)
  return { container: onOneLine ? 'jsonl' : 'json', entries }
}

/** The first lines that are not blank, at most `count`; none behind one that is too long. */
async function firstLines(text: Text, count: number): Promise<readonly Line[]> {
  const first: Line[] = []
  let bytes = 0
  for await (const line of readLines(text.chunks(), maxRowBytes)) {
    const unmarked = withoutMark(line)
    if (!isBlank(unmarked)) first.push(unmarked)
    bytes += line.bytes.length
    if (first.length === count || line.tooLong || bytes > maxRowBytes) break
  }
  return first
}

/** Tells a JSON document from JSON lines by its first lines. @throws {DataError} for a broken document */
export async function jsonDocumentOrLines(text: Text, recordKeys: readonly string[]): Promise<Entries> {
  const [first, second] = await firstLines(text, 2)
  if (!first) throw new DataError('is empty: it holds only white space')
  const opening = first.bytes[skipSpace(first.bytes, 0)]
  if (opening !== 0x5b && opening !== 0x7b) return jsonLines(text)
  const alone = !first.tooLong && isWhole(first.bytes)
  if (alone && second) return jsonLines(text)
  if (alone || opening === 0x5b || first.tooLong) return jsonDocument(text, recordKeys)
  // An object that does not end on its line: a document laid out over many, or lines of which the first is broken.
  try {
    return await jsonDocument(text, recordKeys)
  } catch (error) {
    const later = (await firstLines(text, 33)).slice(1)
    const whole = later.filter(({ bytes }) => bytes[skipSpace(bytes, 0)] === 0x7b && isWhole(bytes)).length
    if (whole > 0 && 2 * whole >= later.length) return jsonLines(text)
    throw error
  }
}

function isWhole(bytes: Uint8Array): boolean {
  const span = scanJson(bytes)
  return 'end' in span && skipSpace(bytes, span.end) === bytes.length
}
