import type { Source } from './content'
import { Unreadable } from './data-error'
import { field, filledText } from './fields'
import type { ReadOptions, RecordFormat, RecordKind } from './record-stream'
import { type EventStream, openEvents, type RecordFile, readRecords } from './records'
import { exchanges, type Problem, type Row, type Turn } from './row'
import { alpacaPrompt, readTurns, withSystem } from './turns'

export type RowFormat = 'alpaca' | 'sharegpt' | 'messages'

/** What a file of instruction rows held: `total` is rows + problems. */
export interface RowFile extends RecordFile<RowFormat> {
  readonly rows: readonly Row[]
}

/** A row of a file, or what could not be read there. `end`: how much of the file was read to get it, in bytes. */
export type RowEvent =
  | { readonly kind: 'row'; readonly row: Row; readonly end: number }
  | { readonly kind: 'problem'; readonly problem: Problem; readonly end: number }

export type RowStream = EventStream<RowFormat, RowEvent>

type Content = Pick<Row, 'turns'>

function conversation(turns: readonly Turn[]): Content {
  if (exchanges({ turns }).length === 0) {
    throw new Unreadable('has no user turn that is followed by an assistant turn: nothing to learn from')
  }
  return { turns }
}

const list = (name: RowFormat, key: string, looks: string): RecordFormat<RowFormat, Content> => ({
  name,
  looks,
  matches: fields => (field(fields, key) ?? null) !== null,
  read: fields => conversation(withSystem(fields, readTurns(field(fields, key), key))),
})

const formats: readonly RecordFormat<RowFormat, Content>[] = [
  list('messages', 'messages', '"messages" [{role, content}]'),
  list('sharegpt', 'conversations', '"conversations" [{from, value}]'),
  {
    name: 'alpaca',
    looks: '"instruction" and "output"',
    matches: fields => (field(fields, 'instruction') ?? null) !== null,
    read: fields =>
      conversation([
        ...alpacaPrompt(fields),
        { role: 'assistant', content: filledText(field(fields, 'output'), '"output"') },
      ]),
  },
]

/** How rows are read; what writes them checks by it. */
export const rowKind: RecordKind<RowFormat, Content> = {
  noun: 'row',
  formats: formats.map(format => ({
    ...format,
    matches: fields => !isPair(fields) && format.matches(fields),
  })),
  keys: ['messages', 'conversations', 'instruction'],
  mistaken: fields =>
    isPair(fields)
      ? 'is a preference pair (it has "chosen" and "rejected"), not an instruction row'
      : undefined,
}

function isPair(fields: Readonly<Record<string, unknown>>): boolean {
  return Object.hasOwn(fields, 'chosen') && Object.hasOwn(fields, 'rejected')
}

/**
 * Opens a file of instruction rows, which then come out one by one: a file larger than memory can be read. A list of
 * tools beside the turns stays in `raw` and is not made part of them.
 *
 * @throws {DataError} when the file cannot be read at all, is empty, or has no row of a known shape
 */
export const openRows = (source: Source, options: ReadOptions<RowFormat> = {}): Promise<RowStream> =>
  openEvents(source, rowKind, options, (row, end): RowEvent => ({ kind: 'row', row, end }))

/** Reads all rows of a file, as `openRows` does. */
export async function readRows(source: Source, options: ReadOptions<RowFormat> = {}): Promise<RowFile> {
  const { records, ...file } = await readRecords(source, rowKind, options)
  return { ...file, rows: records }
}
