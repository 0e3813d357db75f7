import { createWriteStream } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import {
  type FileDigest,
  type JoinedParts,
  jsonLines,
  type Row,
  type RowFile,
  rowLine,
  type SelectionRecord,
  writeRows,
} from '../index'
import { digestFile, writeWhole } from './files'
import type { OpenPart } from './pool-parts'

/** The rows of a pool's files by ascending position in the pool; what cannot be read is left out. */
async function* poolRows(
  parts: readonly OpenPart[],
  { indexOf }: JoinedParts,
): AsyncGenerator<{ readonly index: number; readonly row: Row }, void, undefined> {
  const streams = parts.map(({ rows }, part) => {
    const events = rows[Symbol.asyncIterator]()
    return async () => {
      for (;;) {
        const { value: event, done } = await events.next()
        if (done) return null
        if (event.kind === 'row') return { index: indexOf(part, event.row.index), row: event.row }
      }
    }
  })
  const heads = await Promise.all(streams.map(next => next()))
  for (;;) {
    let first = -1
    for (const [part, head] of heads.entries())
      if (head && (first === -1 || head.index < heads[first]!.index)) first = part
    const head = heads[first]
    if (!head) return
    yield head
    heads[first] = await streams[first]!()
  }
}

/** The kept rows as a file of the container that the first input is, best first, and its name. */
function keptFile([first]: readonly OpenPart[], rows: readonly Row[]): { name: string; content: string } {
  const { container } = first!.rows
  return {
    name: container === 'jsonl' ? 'selected.jsonl' : 'selected.json',
    content: writeRows({ container, rows } as RowFile, [...rows.keys()]),
  }
}

/** Fills `kept` by rank, and gives each of the other rows to `drop`. */
async function sortOut(
  parts: readonly OpenPart[],
  joined: JoinedParts,
  records: readonly SelectionRecord[],
  drop: (row: Row, record: SelectionRecord) => Promise<void> | void,
): Promise<Row[]> {
  const byRow = new Map(records.map(record => [record.row, record]))
  const kept: Row[] = []
  for await (const { index, row } of poolRows(parts, joined)) {
    const record = byRow.get(index)!
    if (record.rank === null) await drop(row, record)
    else kept[record.rank - 1] = row
  }
  return kept
}

/** The kept rows alone. */
export async function keptText(
  parts: readonly OpenPart[],
  joined: JoinedParts,
  records: readonly SelectionRecord[],
): Promise<string> {
  return keptFile(parts, await sortOut(parts, joined, records, () => {})).content
}

/** Writes the kept rows, the others with their reasons, and a record of every row. @returns what was written */
export async function writeSelection(
  folder: string,
  parts: readonly OpenPart[],
  joined: JoinedParts,
  records: readonly SelectionRecord[],
): Promise<FileDigest[]> {
  await mkdir(folder, { recursive: true })
  const dropped = join(folder, 'dropped.jsonl')
  const stream = createWriteStream(`${dropped}.tmp`)
  const kept = await sortOut(parts, joined, records, async (row, { decision, reason }) => {
    const columns = { tabtune_decision: decision, tabtune_reason: reason }
    const line = rowLine(row, { names: Object.keys(columns) }, columns)
    if (!stream.write(line)) await new Promise(resolve => stream.once('drain', () => resolve(undefined)))
  })
  stream.end()
  await finished(stream)
  await rename(`${dropped}.tmp`, dropped)
  const { name, content } = keptFile(parts, kept)
  await writeWhole(join(folder, name), content)
  await writeWhole(join(folder, 'selection.jsonl'), jsonLines(records))
  return Promise.all([name, 'selection.jsonl', 'dropped.jsonl'].map(file => digestFile(join(folder, file))))
}
