import { DataError } from './data-error'
import { layoutJson } from './json-layout'
import type { RowFile } from './read-rows'

/**
 * The rows at these positions of `file.rows`, in the order given, as a file of the container they came in: a JSON list
 * with two spaces of indentation, or JSON lines. Every row keeps its own fields, order, numbers and escapes; only the
 * white space between tokens is laid out anew, and an object that wrapped the list is left out. A row made by hand,
 * without `source`, is written from `raw`, so its numbers are what a double can hold.
 *
 * @throws {DataError} for a position that the file does not have
 */
export function writeRows(file: RowFile, indices: readonly number[]): string {
  const texts = indices.map(position => {
    const row = file.rows[position]
    if (!row)
      throw new DataError(
        `no row at position ${position}: the file has ${file.rows.length} rows that could be read`,
      )
    return row.source ?? JSON.stringify(row.raw)
  })
  if (file.container === 'jsonl') return texts.map(text => `${layoutJson(text, 0)}\n`).join('')
  if (texts.length === 0) return '[]\n'
  return `[\n${texts.map(text => `  ${layoutJson(text, 2, 1)}`).join(',\n')}\n]\n`
}
