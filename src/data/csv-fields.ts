import Papa from 'papaparse'
import { Unreadable } from './data-error'
import { maxDepth } from './entry'
import { isFields } from './fields'
import { scanJson } from './json-scanner'

/** A field of a CSV record. Without quotes, nothing is written there, which is not the empty text. */
export interface CsvField {
  readonly text: string
  readonly quoted: boolean
}

export type Delimiter = ',' | '\t' | ';'

/** The fields of one record. @throws {Unreadable} when its quotes do not match */
export function splitFields(record: string, delimiter: Delimiter): CsvField[] {
  const { data, errors } = new Papa.Parser({ delimiter, newline: '\n' }).parse(record, 0, false) as {
    data: string[][]
    errors: { code: string }[]
  }
  const [texts] = data
  if (errors.length > 0 || data.length !== 1 || !texts) {
    throw new Unreadable(
      'has a quote in the wrong place: a field in quotes ends before a delimiter, "" is a quote',
    )
  }
  let at = 0
  return texts.map(text => {
    const isQuoted = record[at] === '"'
    // What the field takes up: itself, or two quotes around it with its own quotes doubled.
    at += isQuoted ? text.length + 2 + text.split('"').length - 1 : text.length
    while (isQuoted && at < record.length && record[at] !== delimiter) at++
    at++
    return { text, quoted: isQuoted }
  })
}

/** Columns that are text whatever they look like. */
const textColumns: ReadonlySet<string> = new Set(['instruction', 'input', 'output', 'system', 'completion'])
/** Columns that are text, or messages as JSON. */
const answerColumns: ReadonlySet<string> = new Set(['prompt', 'chosen', 'rejected'])

/** Whether a text is one JSON value and nothing else, not even white space around it. */
export function isJson(text: string): boolean {
  const first = text.charCodeAt(0)
  // A list, an object, a string, a number or one of the words true, false, null.
  if (!'[{"-0123456789tfn'.includes(String.fromCharCode(first))) return false
  const bytes = new TextEncoder().encode(text)
  const span = scanJson(bytes)
  return 'end' in span && span.end === bytes.length && span.depth <= maxDepth
}

const isMessage = (value: unknown): boolean =>
  isFields(value) && (Object.hasOwn(value, 'role') || Object.hasOwn(value, 'from'))

function isMessages(text: string): boolean {
  if ((text[0] !== '[' && text[0] !== '{') || !isJson(text)) return false
  const value: unknown = JSON.parse(text)
  return Array.isArray(value) ? value.length > 0 && value.every(isMessage) : isMessage(value)
}

/** Whether a field's text stands for a JSON value rather than for itself. */
export function standsForJson(column: string, text: string): boolean {
  if (textColumns.has(column)) return false
  return answerColumns.has(column) ? isMessages(text) : isJson(text)
}

/**
 * A record as the text of a JSON object. A field with nothing in it is left out. `instruction`, `input`, `output`,
 * `system` and `completion` are text; `prompt`, `chosen` and `rejected` are text unless they are messages in JSON; any
 * other field that is JSON is that value as it is written, and text otherwise.
 */
export function fieldsToJson(columns: readonly string[], fields: readonly CsvField[]): string {
  const members = fields.flatMap(({ text, quoted }, i) => {
    if (text === '' && !quoted) return []
    const column = columns[i]!
    const value = standsForJson(column, text) ? text : JSON.stringify(text)
    return [`${JSON.stringify(column)}:${value}`]
  })
  return `{${members.join(',')}}`
}
