import {
  type FileMetaData,
  parquetMetadata,
  parquetReadObjects,
  parquetSchema,
  type SchemaTree,
} from 'hyparquet'
import type { ParquetParsers } from 'hyparquet/src/types.js'
import type { Content } from './content'
import { DataError } from './data-error'
import { parquetCodecs } from './parquet-codecs'
import { checkPages } from './parquet-pages'

/** A group of rows: all of its columns lie in bytes [from, to). */
export interface RowGroup {
  readonly rows: number
  readonly from: number
  readonly to: number
}

/** A Parquet file whose footer was read. */
export interface ParquetFile {
  readonly metadata: FileMetaData
  readonly groups: readonly RowGroup[]
  /** The rows of one group as hyparquet gives them, by another schema if wanted. @throws {DataError} when it is damaged */
  readGroup(
    index: number,
    parsers: Partial<ParquetParsers>,
    schema?: FileMetaData['schema'],
  ): Promise<Record<string, unknown>[]>
}

type Chunk = FileMetaData['row_groups'][number]['columns'][number]
type ColumnFile = {
  readonly path: readonly SchemaTree[]
  readonly from: number
  readonly to: number
  readonly chunk: Chunk
}

const magicBytes = 4
const maxFooterBytes = 2 ** 26
/** Of one row group, packed and unpacked. */
const maxGroupBytes = 2 ** 30
const maxValues = 2 ** 26

const damaged = (what: string, cause?: unknown): DataError =>
  new DataError(`is a Parquet file that ${what}. Export or copy it again`, { cause })

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

async function readFooter(content: Content): Promise<FileMetaData> {
  const tail = await content.slice(Math.max(0, content.size - 8), content.size)
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength)
  if (content.size < 12 || view.getUint32(4, true) !== 0x31524150)
    throw damaged('breaks off: it does not end as Parquet files do')
  const length = view.getUint32(0, true)
  const from = content.size - 8 - length
  if (from < magicBytes || length > maxFooterBytes)
    throw damaged(`is damaged: its footer has ${length} bytes`)
  try {
    return parquetMetadata(await content.slice(from, content.size), { geoparquet: false })
  } catch (error) {
    throw damaged(`is damaged: its footer cannot be read (${reasonOf(error)})`, error)
  }
}

/** The paths from the root to each column that holds values. */
function leaves(tree: SchemaTree, above: readonly SchemaTree[] = []): (readonly SchemaTree[])[] {
  const path = [...above, tree]
  return tree.children.length === 0 ? [path] : tree.children.flatMap(child => leaves(child, path))
}

const nameOf = (path: readonly SchemaTree[]): string =>
  path
    .slice(1)
    .map(({ element }) => element.name)
    .join('.')

function columnsOf(metadata: FileMetaData, index: number, size: number): ColumnFile[] {
  const paths = leaves(parquetSchema(metadata))
  const { columns } = metadata.row_groups[index]!
  if (columns.length !== paths.length)
    throw new RangeError(`has ${columns.length} columns, not ${paths.length}`)
  return columns.map((chunk, i) => {
    const facts = chunk.meta_data
    const path = paths[i]!
    const name = path.slice(1).map(({ element }) => element.name)
    if (!facts || facts.path_in_schema.join('\0') !== name.join('\0'))
      throw new RangeError(`has another column where ${name.join('.')} should be`)
    if (facts.type !== path.at(-1)!.element.type)
      throw new RangeError(`has ${name.join('.')} as ${facts.type}`)
    const from = Number(facts.dictionary_page_offset || facts.data_page_offset)
    const to = from + Number(facts.total_compressed_size)
    if (!(from >= magicBytes && from <= to && to <= size))
      throw new RangeError(`has ${name.join('.')} outside of the file`)
    if (!(facts.num_values >= 0n && facts.num_values <= maxValues))
      throw new RangeError(
        `has ${facts.num_values} values in ${name.join('.')}; at most ${maxValues} are read. Save the file with smaller row groups`,
      )
    return { path, from, to, chunk }
  })
}

/** hyparquet makes objects by assignment, which for this name sets the prototype instead of a field. */
const prototypeName = '__proto__'

const refusedName = (what: string): DataError =>
  new DataError(`is a Parquet file with a ${what} named ${prototypeName}, which is not read: rename it`)

const holdsPrototypeName = (keys: unknown): boolean =>
  Array.isArray(keys) ? keys.some(holdsPrototypeName) : keys === prototypeName

/** Whether a column is the keys of a map. */
const isMapKeys = (path: readonly SchemaTree[]): boolean =>
  path.at(-1)!.element.name === 'key' && path.at(-3)?.element.converted_type === 'MAP'

function groupsOf(metadata: FileMetaData, size: number): readonly RowGroup[] {
  if (metadata.schema.some(({ name }, i) => i > 0 && name === prototypeName)) throw refusedName('column')
  const names = parquetSchema(metadata).children.map(({ element }) => element.name)
  if (new Set(names).size !== names.length) throw new RangeError('has two columns of the same name')
  const groups = metadata.row_groups.map((group, i): RowGroup => {
    const columns = columnsOf(metadata, i, size)
    const from = Math.min(...columns.map(column => column.from))
    const to = Math.max(...columns.map(column => column.to))
    const unpacked = columns.reduce(
      (sum, { chunk }) => sum + Number(chunk.meta_data!.total_uncompressed_size),
      0,
    )
    if (to - from > maxGroupBytes || unpacked > maxGroupBytes)
      throw new RangeError(`has row groups of more than 1 GB; save it with smaller ones`)
    return { rows: Number(group.num_rows), from, to }
  })
  const rows = groups.reduce((sum, group) => sum + group.rows, 0)
  if (rows !== Number(metadata.num_rows))
    throw new RangeError(`has ${rows} rows in its groups, not ${metadata.num_rows}`)
  return groups
}

function checkColumns(bytes: Uint8Array, group: RowGroup, columns: readonly ColumnFile[]): void {
  let left = maxGroupBytes
  for (const { path, from, to, chunk } of columns) {
    const levels = path.slice(1).map(({ element }) => element.repetition_type)
    const facts = chunk.meta_data!
    try {
      left -= checkPages(bytes.subarray(from - group.from, to - group.from), {
        codec: facts.codec,
        isBoolean: facts.type === 'BOOLEAN',
        maxRepetition: levels.filter(level => level === 'REPEATED').length,
        maxDefinition: levels.filter(level => level !== 'REQUIRED').length,
        values: Number(facts.num_values),
        rows: group.rows,
        maxBytes: left,
      })
    } catch (error) {
      throw new RangeError(`column ${facts.path_in_schema.join('.')} ${reasonOf(error)}`, { cause: error })
    }
  }
}

/** Reads the footer of a Parquet file. @throws {DataError} when it is damaged, or too large in one of its parts */
export async function openParquet(content: Content): Promise<ParquetFile> {
  const metadata = await readFooter(content)
  let groups: readonly RowGroup[]
  try {
    groups = groupsOf(metadata, content.size)
  } catch (error) {
    if (error instanceof DataError) throw error
    throw damaged(`is damaged: it ${reasonOf(error)}`, error)
  }

  async function readGroup(
    index: number,
    parsers: Partial<ParquetParsers>,
    schema = metadata.schema,
  ): Promise<Record<string, unknown>[]> {
    const group = groups[index]!
    if (group.rows === 0) return []
    const bytes = (await content.slice(group.from, group.to)).slice()
    const rowStart = groups.slice(0, index).reduce((sum, { rows }) => sum + rows, 0)
    try {
      const files = columnsOf(metadata, index, content.size)
      checkColumns(bytes, group, files)
      const keys = new Set(files.filter(({ path }) => isMapKeys(path)).map(({ path }) => nameOf(path)))
      const rows = await parquetReadObjects({
        file: {
          byteLength: content.size,
          slice: (from, to = content.size) => bytes.buffer.slice(from - group.from, to - group.from),
        },
        metadata: { ...metadata, schema },
        rowStart,
        rowEnd: rowStart + group.rows,
        compressors: parquetCodecs,
        parsers,
        utf8: false,
        onPage: ({ pathInSchema, columnData }) => {
          if (keys.has(pathInSchema.join('.')) && holdsPrototypeName(columnData)) throw refusedName('map key')
        },
      })
      if (rows.length !== group.rows) throw new RangeError(`gives ${rows.length} rows, not ${group.rows}`)
      return rows
    } catch (error) {
      if (error instanceof DataError) throw error
      throw damaged(`is damaged in row group ${index + 1} of ${groups.length}: ${reasonOf(error)}`, error)
    }
  }
  return { metadata, groups, readGroup }
}
