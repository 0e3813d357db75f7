import type { Content } from './content'
import { csvEntries, csvHeader, detectDelimiter } from './csv-entries'
import type { Delimiter } from './csv-fields'
import { DataError } from './data-error'
import type { Entry } from './entry'
import { gunzip, isGzip } from './gzip'
import { jsonDocument, jsonDocumentOrLines, jsonLines, type Text } from './json-entries'
import { parquetEntries } from './parquet-entries'
import { openParquet } from './parquet-file'

export const containers = ['json', 'jsonl', 'csv', 'tsv', 'parquet'] as const

/** How a file holds its records. */
export type ContainerName = (typeof containers)[number]

/** A file whose kind is known. */
export interface Container {
  readonly container: ContainerName
  /** Whether the text is packed with gzip. */
  readonly gzip: boolean
  readonly totalBytes: number
  /** In file order, any number of times. */
  entries(): AsyncGenerator<Entry, void, undefined>
}

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

function refuseForeign(head: Uint8Array, gzip: boolean): void {
  const text = String.fromCharCode(...head.subarray(0, 8))
  const kind = foreign.find(([magic]) => text.startsWith(magic))
  if (!kind) return
  const what = gzip ? `${kind[1]} within a gzip archive` : kind[1]
  throw new DataError(`is ${what}; wanted JSON, JSON lines, CSV, TSV or Parquet`)
}

/** Whether bytes begin as a Parquet file does. */
const isParquet = (head: Uint8Array): boolean => String.fromCharCode(...head.subarray(0, 4)) === 'PAR1'

/** The first bytes of a text, at most one chunk of them. */
async function headOf(text: Text): Promise<Uint8Array> {
  for await (const { bytes } of text.chunks()) return bytes
  return new Uint8Array()
}

/**
 * Finds out how a file holds its records, by its content unless `wanted` says it. `recordKeys`: a single object with
 * one of them is a row, not a wrapper around a list of rows.
 *
 * @throws {DataError} when the file is empty, of a foreign kind, or a broken document
 */
export async function openContainer(
  content: Content,
  recordKeys: readonly string[],
  wanted?: ContainerName,
): Promise<Container> {
  if (wanted !== undefined && !containers.includes(wanted))
    throw new DataError(`cannot be read as "${wanted}"; the containers are ${containers.join(', ')}`)
  if (content.size === 0) throw new DataError('is empty')
  const totalBytes = content.size
  const head = await content.slice(0, 4)
  if (wanted === 'parquet' || (wanted === undefined && isParquet(head))) {
    const entries = parquetEntries(await openParquet(content))
    return { container: 'parquet', gzip: false, totalBytes, entries }
  }
  const gzip = isGzip(head)
  const text: Text = { totalBytes, chunks: gzip ? () => gunzip(content) : content.chunks }
  refuseForeign(await headOf(text), gzip)
  return { gzip, totalBytes, ...(await openText(text, recordKeys, wanted)) }
}

async function openText(
  text: Text,
  recordKeys: readonly string[],
  wanted: ContainerName | undefined,
): Promise<Pick<Container, 'container' | 'entries'>> {
  if (wanted === 'json') return jsonDocument(text, recordKeys)
  if (wanted === 'jsonl') return jsonLines(text)
  const delimiter = await textDelimiter(text, wanted)
  if (!delimiter) return jsonDocumentOrLines(text, recordKeys)
  await csvHeader(text, delimiter)
  return { container: delimiter === '\t' ? 'tsv' : 'csv', entries: () => csvEntries(text, delimiter) }
}

/** What stands between the fields of a table; undefined for a text that is none. */
export async function textDelimiter(
  text: Text,
  wanted: ContainerName | undefined,
): Promise<Delimiter | undefined> {
  if (wanted === 'tsv') return '\t'
  const found = await detectDelimiter(text)
  return wanted === 'csv' && (found === undefined || found === '\t') ? ',' : found
}
