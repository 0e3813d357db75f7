import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  contentOf,
  DataError,
  type FileDigest,
  fileExtension,
  type JoinedParts,
  jsonLines,
  type Outcome,
  type Row,
  type RowFormat,
  rowLine,
  type SelectionRecord,
  selectionRecord,
  unreadableRecord,
  type WriteOptions,
  writeRows,
} from '../index'
import { digestFile, writeWhole } from './files'
import { LineFile } from './line-file'
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

/** A pool with what became of its rows. */
export interface Decided {
  readonly parts: readonly OpenPart[]
  readonly pool: JoinedParts
  /** In the order of the pool's rows. */
  readonly outcomes: readonly Outcome[]
}

const recordOf = ({ pool, outcomes }: Decided, i: number): SelectionRecord => {
  const row = pool.rows[i]!
  return selectionRecord({ row, score: row.score, exchanges: row.exchanges }, outcomes[i]!)
}

/** Reads the rows again: the kept ones by rank, each of the others for `drop`. */
async function sortOut(
  decided: Decided,
  drop: (row: Row, record: SelectionRecord) => Promise<void> | void,
): Promise<Row[]> {
  const { parts, pool, outcomes } = decided
  const kept: Row[] = []
  let i = 0
  for await (const { index, row } of poolRows(parts, pool)) {
    if (pool.rows[i]?.index !== index) throw new DataError('an input has changed while it was selected from')
    const { decision } = outcomes[i]!
    if (decision.kind === 'kept') kept[decision.rank] = row
    else await drop(row, recordOf(decided, i))
    i++
  }
  return kept
}

const total = ({ pool }: Decided): number => pool.rows.length + pool.problems.length

/** The kept rows alone. */
export async function keptContent(decided: Decided, writing: Writing): Promise<Blob> {
  const kept = await sortOut(decided, () => {})
  return (await keptFile(decided.parts, kept, total(decided), writing)).content
}

/** Writes the kept rows, the others with their reasons, and a record of every row. @returns what was written */
export async function writeSelection(
  folder: string,
  decided: Decided,
  writing: Writing,
): Promise<FileDigest[]> {
  await mkdir(folder, { recursive: true })
  const dropped = new LineFile(join(folder, 'dropped.jsonl'))
  const kept = await sortOut(decided, (row, { decision, reason }) => {
    const columns = { tabtune_decision: decision, tabtune_reason: reason }
    return dropped.write(rowLine(row, { names: Object.keys(columns) }, columns))
  })
  await dropped.finish()
  const { name, content } = await keptFile(decided.parts, kept, total(decided), writing)
  await writeWhole(join(folder, name), await bytesOf(content))
  await writeRecords(join(folder, 'selection.jsonl'), decided)
  return Promise.all([name, 'selection.jsonl', 'dropped.jsonl'].map(file => digestFile(join(folder, file))))
}

/** A line for every row and for what could not be read, by position. */
async function writeRecords(path: string, decided: Decided): Promise<void> {
  const { rows, problems } = decided.pool
  const file = new LineFile(path)
  let next = 0
  for (let i = 0; i <= rows.length; i++) {
    const index = rows[i]?.index ?? Infinity
    while (next < problems.length && problems[next]!.index < index)
      await file.write(jsonLines([unreadableRecord(problems[next++]!)]))
    if (i < rows.length) await file.write(jsonLines([recordOf(decided, i)]))
  }
  await file.finish()
}
