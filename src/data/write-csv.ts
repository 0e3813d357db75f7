import Papa from 'papaparse'
import { type Delimiter, standsForJson } from './csv-fields'
import { DataError } from './data-error'
import { jsonMembers } from './json-members'

const isMalformed = (text: string): boolean => /\p{Surrogate}/u.test(text)

/** The field for a value, or undefined where a field of that column cannot stand for it. */
function fieldFor(column: string, value: string): string | undefined {
  if (value[0] !== '"') return standsForJson(column, value) ? value : undefined
  const text = JSON.parse(value) as string
  if (isMalformed(text)) return undefined
  if (!standsForJson(column, text)) return text
  // A text that looks like JSON is written as a JSON text, where that is read as one.
  return standsForJson(column, value) ? value : undefined
}

/** One line of a table without its end. Texts that are empty are in quotes: nothing at all is a missing field. */
function line(cells: readonly (string | undefined)[], delimiter: Delimiter): string {
  const quotes = cells.map(cell => cell === '')
  return Papa.unparse([cells.map(cell => cell ?? '')], { delimiter, newline: '\n', quotes })
}

/**
 * JSON objects as a table, whose columns are all of their names in the order they appear. Lists, objects, numbers and
 * the like are JSON in their fields; null and what is missing are both an empty field. `describe` names a record for
 * people.
 *
 * @throws {DataError} for a value that would be read otherwise
 */
export function* csvLines(
  texts: readonly string[],
  delimiter: Delimiter,
  describe: (i: number) => string,
): Generator<string, void, undefined> {
  const records = texts.map(jsonMembers)
  const columns = [...new Set(records.flatMap(record => [...record.keys()]))]
  if (columns.length === 0)
    throw new DataError('no row to write: a table needs one for the names of its columns')
  if (columns.some(isMalformed))
    throw new DataError('a field’s name is not well-formed Unicode, which a table cannot hold')
  yield line(columns, delimiter)
  for (const [i, record] of records.entries()) {
    const cells = columns.map(column => {
      const value = record.get(column)
      if (value === undefined || value === 'null') return undefined
      const cell = fieldFor(column, value)
      if (cell !== undefined) return cell
      throw new DataError(
        `${describe(i)} cannot be written to a table: its ${JSON.stringify(column)} (${value.slice(0, 40)}) would be read as something else. Write JSON lines or Parquet instead`,
      )
    })
    yield line(cells, delimiter)
  }
}
