import { Unreadable } from './data-error'
import { type Entry, maxRowBytes, tooLong } from './entry'
import { type Decimals, decimalsOf } from './parquet-decimals'
import type { ParquetFile } from './parquet-file'
import { jsonParsers, valueToJson } from './parquet-values'
import { excerpt } from './utf-8'

/** The rows of a Parquet file, one row group in memory at a time. Each can be asked for any number of times. */
export function parquetEntries(file: ParquetFile): () => AsyncGenerator<Entry, void, undefined> {
  const decimals = decimalsOf(file.metadata)
  // Whoever looks at the first rows reads them again, and a row group is costly to read.
  let kept: { readonly index: number; readonly rows: Promise<Record<string, unknown>[]> } | undefined
  const readGroup = (index: number): Promise<Record<string, unknown>[]> => {
    if (kept?.index !== index) kept = { index, rows: file.readGroup(index, jsonParsers, decimals.schema) }
    return kept.rows
  }
  return async function* entries() {
    let index = 0
    for (const [i, group] of file.groups.entries()) {
      const rows = await readGroup(i)
      for (const [k, row] of rows.entries()) {
        const end = Math.round(group.from + ((group.to - group.from) * (k + 1)) / rows.length)
        yield rowEntry({ index: index++, line: 0, end }, row, decimals)
      }
    }
  }
}

function rowEntry(
  place: { index: number; line: number; end: number },
  row: Record<string, unknown>,
  decimals: Decimals,
): Entry {
  try {
    const text = valueToJson(decimals.withPoints(row))
    if (text.length > maxRowBytes) throw new Unreadable(tooLong)
    return { ...place, text, value: JSON.parse(text) as unknown }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    const texts = Object.values(row).filter(cell => typeof cell === 'string')
    return { ...place, reason: error.message, excerpt: excerpt(texts.join(' ')) }
  }
}
