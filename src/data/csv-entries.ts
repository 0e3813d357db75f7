import { type CsvField, type Delimiter, fieldsToJson, splitFields } from './csv-fields'
import { type CsvRecord, readCsvRecords } from './csv-records'
import { DataError, Unreadable } from './data-error'
import { type Entry, maxRowBytes, tooLong } from './entry'
import { firstLines, markLength, type Text } from './json-entries'
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
])
const delimiters: readonly Delimiter[] = ['\t', ',', ';']

/** The delimiter of a table whose first line names a known column, or undefined. */
export async function detectDelimiter(text: Text): Promise<Delimiter | undefined> {
  const [first] = await firstLines(text, 1)
  const line = first && !first.tooLong ? decodeUtf8(first.bytes) : undefined
  if (line === undefined) return undefined
  const columns = (delimiter: Delimiter): readonly string[] => {
    try {
      return splitFields(line, delimiter).map(field => field.text)
    } catch {
      return []
    }
  }
  const known = delimiters.filter(one => columns(one).some(name => knownColumns.has(name)))
  // In a table of one column each delimiter finds the same name; the comma is the one to expect.
  return known.toSorted((a, b) => columns(b).length - columns(a).length || (a === ',' ? -1 : 1))[0]
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

async function* records(text: Text, delimiter: Delimiter): AsyncGenerator<CsvRecord, void, undefined> {
  for await (const record of readCsvRecords(text.chunks(), delimiter.charCodeAt(0), maxRowBytes)) {
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

/** The column names of a table. @throws {DataError} when the first line is damaged or names a column twice */
export async function csvHeader(text: Text, delimiter: Delimiter): Promise<CsvHeader> {
  for await (const record of records(text, delimiter)) return headerOf(record, delimiter)
  throw new DataError('is empty: it holds only white space')
}

/** Each record behind the first line as one entry. */
export async function* csvEntries(text: Text, delimiter: Delimiter): AsyncGenerator<Entry, void, undefined> {
  let header: CsvHeader | undefined
  let index = 0
  for await (const record of records(text, delimiter)) {
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
