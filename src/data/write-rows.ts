import { converted, used } from './convert-record'
import { DataError } from './data-error'
import { type RowFile, type RowFormat, rowKind } from './read-rows'
import type { Row } from './row'
import { alpacaFields, type Members, messages, reshape, shareGptTurns } from './shape-record'
import { type WriteOptions, writeRecords } from './write-records'

const makers: Readonly<Record<RowFormat, (row: Row) => Members>> = {
  alpaca: ({ turns }) => {
    const { instruction, input, ...rest } = alpacaFields(turns.slice(0, -1))
    if (turns.at(-1)?.role !== 'assistant') throw new DataError('its last turn is not of the assistant')
    return { instruction, input, output: turns.at(-1)!.content, ...rest }
  },
  sharegpt: ({ turns }) => ({ conversations: shareGptTurns(turns) }),
  messages: ({ turns }) => ({ messages: messages(turns) }),
}

/** The fields that a format makes turns of. */
const consumed: Readonly<Record<RowFormat, readonly string[]>> = {
  alpaca: ['instruction', 'input', 'output', 'history', 'system'],
  sharegpt: ['conversations', 'system'],
  messages: ['messages', 'system'],
}

/**
 * The rows at these positions of `file.rows`, in the order given. As they came, they keep every byte, but for the white
 * space between the tokens of a JSON document, which is laid out anew, and an object that wrapped its list, which is
 * left out. All rows of a file as they came are the file itself.
 *
 * @throws {DataError} for a position that the file does not have, and for a row that the format or container asked for
 * has no place for
 */
export function writeRows(
  file: RowFile,
  positions: readonly number[],
  options: WriteOptions<RowFormat> = {},
): Promise<Blob> {
  const { format } = options
  const convert = (row: Row): string | undefined => (format ? convertRow(row, format) : undefined)
  return writeRecords({ file, all: file.rows, positions, noun: 'row' }, convert, options)
}

/** The field in which a format has its turns, if it has one. */
const listField: Readonly<Record<RowFormat, string>> = {
  alpaca: '',
  sharegpt: 'conversations',
  messages: 'messages',
}

const convertRow = (row: Row, format: RowFormat): string | undefined =>
  converted(
    row,
    rowKind,
    format,
    own => reshape(row, makers[format](row), used(row, consumed[own], listField[own])),
    again => JSON.stringify(again.turns) === JSON.stringify(row.turns),
  )
