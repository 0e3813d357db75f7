import type { Chunk } from './content'
import { type CsvField, type Delimiter, fieldsToJson, splitFields } from './csv-fields'
import { type CsvRecord, readCsvRecords } from './csv-records'
import { DataError, Unreadable } from './data-error'
import { type Entry, maxRowBytes, tooLong } from './entry'
import { markLength, type Text } from './json-entries'
import { skipSpace } from './json-scanner'
import { decodeUtf8, excerpt, notUtf8 } from './utf-8'

/** Columns of the formats that are read: a first line with one of them makes a text a table. */
const knownColumns: ReadonlySet<string> = new Set([
  'instruction',
  'output',
  'messages',
  'conversations',
  'prompt',
  'completion',
  'completions',
  'chosen',
  'rejected',
  'goal',
  'question',
])
/** In a table of one column each finds the same name; the comma is the one to expect. */
const delimiters: readonly Delimiter[] = [',', '\t', ';']
const maxHeaderBytes = 2 ** 20

/** The beginning of a text, in which a table's first line should end. */
async function* beginning(text: Text): AsyncGenerator<Chunk, void, undefined> {
  let length = 0
  for await (const chunk of text.chunks()) {
    yield chunk
    length += chunk.bytes.length
    if (length > maxHeaderBytes) return
  }
}

/** Where a carriage return stands outside of quotes without a line feed behind it, or -1. */
function loneReturn(record: Uint8Array): number {
  let quoted = false
  return record.findIndex(byte => {
    if (byte === 0x22) quoted = !quoted
    return byte === 0x0d && !quoted
  })
}

async function columnsIn(text: Text, delimiter: Delimiter): Promise<readonly string[]> {
  for await (const record of records(beginning(text), delimiter)) {
    const line = loneReturn(record.bytes)
    const first = line === -1 ? record : { ...record, bytes: record.bytes.subarray(0, line), open: false }
    try {
      return fieldsOf(first, delimiter).map(field => field.text)
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      return []
    }
  }
  return []
}

/** The delimiter of a table whose first line names a known column, or undefined. */
export async function detectDelimiter(text: Text): Promise<Delimiter | undefined> {
  for await (const { bytes } of beginning(text)) {
    const first = bytes[skipSpace(bytes, markLength(bytes))]
    // What begins as JSON is JSON, though a text in it may look like a line of column names.
    if (first === 0x7b || first === 0x5b) return undefined
    if (first !== undefined) break
  }
  let found: Delimiter | undefined
  let most = 0
  for (const delimiter of delimiters) {
    const columns = await columnsIn(text, delimiter)
    if (columns.length <= most || !columns.some(name => knownColumns.has(name))) continue
    found = delimiter
    most = columns.length
  }
  return found
}

/** The first line of a table. */
export interface CsvHeader {
  readonly columns: readonly string[]
  /** Offset just past it, and past what came before it. */
  readonly end: number
}

const isBlank = (record: CsvRecord): boolean => record.bytes.length === 0

const withoutMark = (record: CsvRecord): CsvRecord => {
  const mark = record.at === 0 ? markLength(record.bytes) : 0
  return mark > 0 ? { ...record, at: mark, bytes: record.bytes.subarray(mark) } : record
}

async function* records(
  chunks: AsyncIterable<Chunk>,
  delimiter: Delimiter,
): AsyncGenerator<CsvRecord, void, undefined> {
  for await (const record of readCsvRecords(chunks, delimiter.charCodeAt(0), maxRowBytes)) {
    const unmarked = withoutMark(record)
    if (!isBlank(unmarked)) yield unmarked
  }
}

function fieldsOf(record: CsvRecord, delimiter: Delimiter): CsvField[] {
  if (record.tooLong) throw new Unreadable(tooLong)
  const text = decodeUtf8(record.bytes)
  if (text === undefined) throw new Unreadable(notUtf8(record.bytes))
  if (record.open)
    throw new Unreadable('breaks off: a quote opens a field that is not closed until the file ends')
  return splitFields(text, delimiter)
}

function headerOf(record: CsvRecord, delimiter: Delimiter): CsvHeader {
  if (loneReturn(record.bytes) !== -1)
    throw new DataError('has lines that end in carriage returns alone: save it with line feeds (LF or CR LF)')
  let columns: readonly string[]
  try {
    columns = fieldsOf(record, delimiter).map(field => field.text)
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    throw new DataError(`has no line of column names: line ${record.number} ${error.message}`, {
      cause: error,
    })
  }
  const repeated = columns.find((name, i) => columns.indexOf(name) !== i)
  if (repeated !== undefined)
    throw new DataError(`has two columns named ${JSON.stringify(repeated)}: rename one of them`)
  return { columns, end: record.next }
}

/** The column names of a table. @throws {DataError} when the first line is damaged, names a column twice or ends in CR */
export async function csvHeader(text: Text, delimiter: Delimiter): Promise<CsvHeader> {
  for await (const record of records(text.chunks(), delimiter)) return headerOf(record, delimiter)
  throw new DataError('is empty: it holds only white space')
}

/** Each record behind the first line as one entry. */
export async function* csvEntries(text: Text, delimiter: Delimiter): AsyncGenerator<Entry, void, undefined> {
  let header: CsvHeader | undefined
  let index = 0
  for await (const record of records(text.chunks(), delimiter)) {
    if (!header) {
      header = headerOf(record, delimiter)
      continue
    }
    const { bytes, at, end, number: line } = record
    const place = { index: index++, line, end }
    try {
      const fields = fieldsOf(record, delimiter)
      if (fields.length !== header.columns.length) {
        const names = header.columns.length === 1 ? '1 column' : `${header.columns.length} columns`
        throw new Unreadable(
          `has ${fields.length === 1 ? '1 field' : `${fields.length} fields`}, the first line names ${names}`,
        )
      }
      const json = fieldsToJson(header.columns, fields)
      yield { ...place, text: json, value: JSON.parse(json) as unknown, range: [at, at + bytes.length] }
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      yield { ...place, reason: error.message, excerpt: excerpt(bytes) }
    }
  }
}
