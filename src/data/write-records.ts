import { type Container, type ContainerName, containers, textDelimiter } from './container'
import { csvHeader } from './csv-entries'
import type { Delimiter } from './csv-fields'
import { DataError } from './data-error'
import type { Range } from './entry'
import { gunzip, gzip } from './gzip'
import type { Text } from './json-entries'
import { layoutJson } from './json-layout'
import { openParquet } from './parquet-file'
import { readRanges } from './read-ranges'
import type { RecordFile } from './records'
import type { Origin } from './row'
import { textOf } from './shape-record'
import { csvLines } from './write-csv'
import { copyParquetRows, recordsToParquet } from './write-parquet'

export interface WriteOptions<Format extends string = string> {
  /** Default: the file's own. */
  readonly container?: ContainerName
  /** Default: each record as it is. */
  readonly format?: Format
  /** Whether the file is packed with gzip. Default: as it came. Parquet packs its own pages and never is. */
  readonly gzip?: boolean
}

type Described = Pick<RecordFile<string>, 'container' | 'gzip' | 'content' | 'total'>

/** Records to write. */
export interface Writing<T extends Origin = Origin> {
  readonly file: Described
  readonly all: readonly T[]
  readonly positions: readonly number[]
  /** "row", "pair". */
  readonly noun: string
}

const textOfFile = ({ content, gzip }: Described): Text => ({
  totalBytes: content.size,
  chunks: gzip ? () => gunzip(content) : content.chunks,
})

/** Whether these are all records of a file, in its order, each where it was read. */
function isWhole({ file, all, positions }: Writing): boolean {
  return (
    positions.length === file.total &&
    positions.every((position, i) => position === i && all[i]!.index === i) &&
    all.every(({ range }) => range !== undefined || file.container === 'parquet')
  )
}

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)

/** Records as they stand in the text, each behind the file's own line end; those made by hand as `line` writes them. */
async function sameLines(
  { file, all, positions }: Writing,
  line: (record: Origin) => string,
): Promise<{ readonly parts: BlobPart[]; readonly lineEnd: string }> {
  const ranges: Range[] = []
  for (const position of positions) {
    const { range } = all[position]!
    // Two bytes more, to see how its line ends.
    if (range) ranges.push([range[0], range[1] + 2])
  }
  const found = await readRanges(textOfFile(file).chunks(), ranges)
  const lineEnd = found.some(bytes => bytes.at(-2) === 0x0d && bytes.at(-1) === 0x0a) ? '\r\n' : '\n'
  let next = 0
  const parts = positions.flatMap((position): BlobPart[] => {
    const record = all[position]!
    const bytes = record.range
      ? (found[next++]!.slice(0, -2) as Uint8Array<ArrayBuffer>)
      : encode(line(record))
    return [bytes, lineEnd]
  })
  return { parts, lineEnd }
}

function json(texts: readonly string[]): BlobPart[] {
  if (texts.length === 0) return ['[]\n']
  return ['[\n', texts.map(text => `  ${layoutJson(text, 2, 1)}`).join(',\n'), '\n]\n']
}

/** A table's own first line with what stands before it, then records as they came. */
async function sameTable(writing: Writing): Promise<BlobPart[]> {
  const text = textOfFile(writing.file)
  const delimiter = (await textDelimiter(text, writing.file.container))!
  const { columns, end } = await csvHeader(text, delimiter)
  const [head] = await readRanges(text.chunks(), [[0, end]])
  const byHand = (record: Origin): string => rowOf(textOf(record), columns, delimiter, writing.noun)
  const { parts, lineEnd } = await sameLines(writing, byHand)
  const endsLine = head!.at(-1) === 0x0a
  return [head as Uint8Array<ArrayBuffer>, ...(endsLine ? [] : [lineEnd]), ...parts]
}

/** A record that is no row of the table, under the table's columns. */
function rowOf(text: string, columns: readonly string[], delimiter: Delimiter, noun: string): string {
  const empty = `{${columns.map(name => `${JSON.stringify(name)}:null`).join(',')}}`
  const [head, , line] = [...csvLines([empty, text], delimiter, () => `a ${noun} made by hand`)]
  const [wanted] = [...csvLines([empty], delimiter, () => noun)]
  if (head !== wanted)
    throw new DataError(`a ${noun} made by hand has a field for which the table has no column`)
  return line!
}

async function sameContainer(writing: Writing): Promise<BlobPart[]> {
  const { file, all, positions } = writing
  const { container } = file
  if (container === 'json') return json(positions.map(position => textOf(all[position]!)))
  if (container === 'jsonl') return (await sameLines(writing, record => layoutJson(textOf(record), 0))).parts
  return sameTable(writing)
}

function otherContainer(container: ContainerName, texts: readonly string[], writing: Writing): BlobPart[] {
  const { all, positions, noun } = writing
  const describe = (i: number): string => `${noun} ${all[positions[i]!]!.index + 1}`
  if (container === 'json') return json(texts)
  if (container === 'jsonl') return texts.map(text => `${layoutJson(text, 0)}\n`)
  if (container === 'parquet') return [recordsToParquet(texts, describe)]
  return [...csvLines(texts, container === 'tsv' ? '\t' : ',', describe)].map(line => `${line}\n`)
}

/**
 * Writes records, each as `convert` makes it or, where that gives nothing, as it came. Where nothing is changed (all
 * records of the file, in its order, in its own format and container) it is the file itself, byte for byte.
 *
 * @throws {DataError} for positions that the file does not have, and for records the container cannot hold
 */
export async function writeRecords<T extends Origin>(
  writing: Writing<T>,
  convert: (record: T) => string | undefined,
  { container = writing.file.container, gzip: packed }: WriteOptions,
): Promise<Blob> {
  const { file, all, positions, noun } = writing
  if (!containers.includes(container))
    throw new DataError(`cannot write "${container}"; the containers are ${containers.join(', ')}`)
  if (container === 'parquet' && packed)
    throw new DataError('Parquet packs its own pages: write it without gzip')
  const records = positions.map(position => {
    const record = all[position]
    if (record) return record
    throw new DataError(
      `no ${noun} at position ${position}: the file has ${all.length} ${noun}s that could be read`,
    )
  })
  const isPacked = container !== 'parquet' && (packed ?? file.gzip)
  const made = records.map(convert)
  const isSame = container === file.container && made.every(text => text === undefined)
  if (isSame && isPacked === file.gzip && isWhole(writing)) return file.content.blob()
  if (isSame && container === 'parquet') {
    const indices = records.map(({ index }) => index)
    return copyParquetRows(await openParquet(file.content), indices)
  }
  const texts = (): string[] => made.map((text, i) => text ?? textOf(records[i]!))
  const text = new Blob(isSame ? await sameContainer(writing) : otherContainer(container, texts(), writing))
  return isPacked ? gzip(text) : text
}

/** What a file's name ends in: ".jsonl", ".csv.gz". */
export const fileExtension = ({ container, gzip }: Pick<Container, 'container' | 'gzip'>): string =>
  `.${container}${gzip ? '.gz' : ''}`
