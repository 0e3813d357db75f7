import type { SchemaElement } from 'hyparquet'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'

interface StoredColumn {
  readonly name: string
  /** Values as they are stored: bytes, numbers, bigints. */
  readonly data: unknown[]
  /** The column's elements, the first of which has its name. */
  readonly stored: readonly SchemaElement[]
  /** What the footer says instead of `stored`. */
  readonly told?: readonly SchemaElement[]
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A column of texts without any nulls. */
export const texts = (name: string, values: readonly string[]): StoredColumn => ({
  name,
  data: values.map(utf8),
  stored: [{ name, type: 'BYTE_ARRAY', repetition_type: 'REQUIRED' }],
  told: [{ name, type: 'BYTE_ARRAY', repetition_type: 'REQUIRED', converted_type: 'UTF8' }],
})

/** A Parquet file with columns whose stored values and told types are free of each other; `change` is the last word. */
export function storedParquet(
  columns: readonly StoredColumn[],
  change?: (writer: ParquetWriter) => void,
): Uint8Array {
  const output = new ByteWriter()
  const root: SchemaElement = { name: 'root', num_children: columns.length }
  const writer = new ParquetWriter({
    writer: output,
    schema: [root, ...columns.flatMap(({ stored }) => stored)],
    statistics: false,
  })
  writer.write({ columnData: columns.map(({ name, data }) => ({ name, data })) })
  writer.schema = [root, ...columns.flatMap(({ stored, told = stored }) => told)]
  change?.(writer)
  writer.finish()
  return new Uint8Array(output.getBuffer())
}
