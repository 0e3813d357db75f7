import { createWriteStream } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import {
  contentOf,
  type FileDigest,
  fileExtension,
  type JoinedParts,
  jsonLines,
  type Row,
  type RowFormat,
  rowLine,
  type SelectionRecord,
  type WriteOptions,
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

/** All bytes of a file that fits into memory. */
export const bytesOf = async (content: Blob): Promise<Uint8Array> =>
  new Uint8Array(await content.arrayBuffer())

/** How the kept rows are written; as they came, unless something else is asked for. */
export type Writing = WriteOptions<RowFormat>

/** The kept rows as a file, best first, and its name. */
async function keptFile(
  parts: readonly OpenPart[],
  kept: readonly Row[],
  total: number,
  writing: Writing,
): Promise<{ readonly name: string; readonly content: Blob }> {
  const [{ input, rows: stream }] = parts as readonly [OpenPart]
  const { container, gzip, format } = stream
  const positions = [...kept.keys()]
  const asked = { container, gzip, ...writing }
  const name = `selected${fileExtension(asked)}`
  if (parts.length === 1) {
    const file = { container, gzip, format, content: contentOf(input.blob), problems: [], total }
    return { name, content: await writeRows({ ...file, rows: kept }, positions, writing) }
  }
  // Rows of several files are laid out anew.
  const rows = kept.map(({ range: _, ...row }) => row)
  const file = {
    container: 'jsonl',
    gzip: false,
    format,
    content: contentOf(''),
    problems: [],
    total: -1,
  } as const
  return { name, content: await writeRows({ ...file, rows }, positions, asked) }
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
export async function keptContent(
  parts: readonly OpenPart[],
  joined: JoinedParts,
  records: readonly SelectionRecord[],
  writing: Writing,
): Promise<Blob> {
  const kept = await sortOut(parts, joined, records, () => {})
  return (await keptFile(parts, kept, records.length, writing)).content
}

/** Writes the kept rows, the others with their reasons, and a record of every row. @returns what was written */
export async function writeSelection(
  folder: string,
  parts: readonly OpenPart[],
  joined: JoinedParts,
  records: readonly SelectionRecord[],
  writing: Writing,
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
  const { name, content } = await keptFile(parts, kept, records.length, writing)
  await writeWhole(join(folder, name), await bytesOf(content))
  await writeWhole(join(folder, 'selection.jsonl'), jsonLines(records))
  return Promise.all([name, 'selection.jsonl', 'dropped.jsonl'].map(file => digestFile(join(folder, file))))
}
