import type { SchemaElement } from 'hyparquet'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { DataError } from './data-error'
import { lostNumber } from './lost-number'
import type { ParquetFile } from './parquet-file'
import { columnShape, schemaOf, toShape } from './parquet-schema'
import { decodeUtf8 } from './utf-8'

const groupRows = 10_000

type Column = { readonly name: string; readonly data: unknown[] }

function write(
  columns: readonly Column[],
  physical: SchemaElement[],
  schema: SchemaElement[],
  kvMetadata?: { key: string; value?: string }[],
): Blob {
  const output = new ByteWriter()
  const writer = new ParquetWriter({
    writer: output,
    schema: physical,
    statistics: false,
    ...(kvMetadata ? { kvMetadata } : {}),
  })
  if (columns[0] && columns[0].data.length > 0)
    writer.write({ columnData: columns.map(({ name, data }) => ({ name, data })), rowGroupSize: groupRows })
  // Values are written as they are stored; what they mean is said in the footer.
  writer.schema = schema
  writer.finish()
  return new Blob([output.getBuffer()])
}

const isMalformed = (value: unknown): boolean =>
  typeof value === 'string'
    ? /\p{Surrogate}/u.test(value)
    : typeof value === 'object' && value !== null && Object.entries(value).flat().some(isMalformed)

/**
 * JSON objects as Parquet with a column for each of their names. Lists and objects become Parquet's own where all rows
 * agree, and JSON texts otherwise. Null and what is missing are the same, and so are 0 and -0. `describe` names a record
 * for people.
 *
 * @throws {DataError} for a record that would not be read back as it is
 */
export function recordsToParquet(texts: readonly string[], describe: (i: number) => string): Blob {
  const records = texts.map((text, i) => {
    const lost = lostNumber(text)
    if (lost !== undefined)
      throw new DataError(
        `${describe(i)} has the number ${lost}, of which Parquet would lose digits. Write JSON lines instead`,
      )
    const record = JSON.parse(text) as Record<string, unknown>
    if (isMalformed(record))
      throw new DataError(
        `${describe(i)} has text that is not well-formed Unicode, which Parquet cannot hold. Write JSON lines instead`,
      )
    return record
  })
  const names = [...new Set(records.flatMap(record => Object.keys(record)))]
  if (names.length === 0)
    throw new DataError('no row to write: a Parquet file needs one for the names of its columns')
  if (names.includes('__proto__')) throw new DataError('a field is named __proto__, which no column can be')
  const columns = names.map(name => {
    const values = records.map(record => (Object.hasOwn(record, name) ? record[name] : undefined))
    const shape = columnShape(values)
    return { name, data: values.map(value => toShape(value, shape)), schema: schemaOf(name, shape) }
  })
  const schema = [{ name: 'root', num_children: names.length }, ...columns.flatMap(column => column.schema)]
  return write(columns, schema, schema)
}

const isText = ({ converted_type, logical_type }: SchemaElement): boolean =>
  converted_type === 'UTF8' || logical_type?.type === 'STRING'

/** A leaf as it is stored: what its values mean is not looked at, but for a map's keys, which become names of fields. */
function physical(element: SchemaElement): SchemaElement {
  const { name, type, type_length, repetition_type, num_children, converted_type, logical_type } = element
  const bare: SchemaElement = { name, ...(repetition_type ? { repetition_type } : {}) }
  if (type === undefined)
    return {
      ...bare,
      ...(num_children === undefined ? {} : { num_children }),
      ...(converted_type ? { converted_type } : {}),
      ...(logical_type ? { logical_type } : {}),
    }
  return {
    ...bare,
    type,
    ...(type_length ? { type_length } : {}),
    ...(name === 'key' && isText(element) ? { converted_type: 'UTF8' as const } : {}),
  }
}

/**
 * hyparquet-writer writes the width of an INTEGER in another type of number than Parquet has it, which other readers
 * refuse. The converted type says the same.
 */
const writable = ({ logical_type, ...element }: SchemaElement): SchemaElement =>
  logical_type === undefined || (logical_type.type === 'INTEGER' && element.converted_type)
    ? element
    : { ...element, logical_type }

/** Why rows of a file with this schema cannot be copied, or undefined. */
function reasonAgainst(schema: readonly SchemaElement[]): string | undefined {
  if (schema.some(({ type }) => type === 'INT96')) return 'times of the old type INT96'
  if (schema.some(({ logical_type }) => logical_type?.type === 'VARIANT')) return 'values of the type VARIANT'
  const hasMaps = schema.some(
    ({ converted_type, logical_type }) =>
      converted_type === 'MAP' || converted_type === 'MAP_KEY_VALUE' || logical_type?.type === 'MAP',
  )
  const hasOtherKeys = schema.some(element => element.name === 'key' && element.type && !isText(element))
  return hasMaps && hasOtherKeys ? 'maps whose keys are not texts' : undefined
}

const keyText = (bytes: Uint8Array): string => {
  const text = decodeUtf8(bytes)
  if (text === undefined) throw new RangeError('a map has a key that is not UTF-8')
  return text
}

/**
 * Rows of a Parquet file, by their positions in it and in the order given, as a file with the same columns, types and
 * notes. Values are copied as they are stored.
 *
 * @throws {DataError} when a column cannot be copied
 */
export async function copyParquetRows(file: ParquetFile, indices: readonly number[]): Promise<Blob> {
  const { metadata, groups } = file
  const reason = reasonAgainst(metadata.schema)
  if (reason !== undefined)
    throw new DataError(
      `some rows of a Parquet file with ${reason} cannot be written as Parquet: write JSON lines`,
    )
  const plain = metadata.schema.map(physical)
  const rows = new Array<Record<string, unknown>>(indices.length)
  const places = indices.map((index, place) => ({ index, place })).sort((a, b) => a.index - b.index)
  let next = 0
  let begin = 0
  for (const [i, group] of groups.entries()) {
    const end = begin + group.rows
    if (next < places.length && places[next]!.index < end) {
      const read = await file.readGroup(i, { stringFromBytes: bytes => bytes && keyText(bytes) }, plain)
      for (; next < places.length && places[next]!.index < end; next++)
        rows[places[next]!.place] = read[places[next]!.index - begin]!
    }
    begin = end
  }
  const names = topLevelNames(metadata.schema)
  const columns = names.map(name => ({ name, data: rows.map(row => row[name]) }))
  return write(columns, plain, metadata.schema.map(writable), metadata.key_value_metadata)
}

function topLevelNames(schema: readonly SchemaElement[]): string[] {
  const names: string[] = []
  const skip = (at: number): number => {
    let next = at + 1
    for (let child = 0; child < (schema[at]!.num_children ?? 0); child++) next = skip(next)
    return next
  }
  for (let at = 1; at < schema.length; at = skip(at)) names.push(schema[at]!.name)
  return names
}
