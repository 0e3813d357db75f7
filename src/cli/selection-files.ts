import { mkdir, readdir, rm } from 'node:fs/promises'
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
import { TextStore } from './text-store'

/** All bytes of a file that fits into memory. */
export const bytesOf = async (content: Blob): Promise<Uint8Array> =>
  new Uint8Array(await content.arrayBuffer())

/** Names of the files in a folder that hold kept rows. */
export const selectedIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter(name => /^selected\.(json|jsonl|csv|tsv|parquet)(\.gz)?$/.test(name))

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
  // Parquet packs its own pages, also where the input was packed.
  const name = `selected${fileExtension({ ...asked, gzip: asked.gzip && asked.container !== 'parquet' })}`
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

/** Reads the rows again, file by file: the kept ones by rank, each of the others for `drop` with its place in the pool. */
async function sortOut(decided: Decided, drop: (row: Row, i: number) => void): Promise<Row[]> {
  const { parts, pool, outcomes } = decided
  const changed = () => new DataError('an input has changed while it was selected from')
  const places = new Map(pool.rows.map(({ index }, i) => [index, i]))
  const kept: Row[] = []
  for (const [part, { rows }] of parts.entries()) {
    for await (const event of rows) {
      if (event.kind === 'problem') continue
      const index = pool.indexOf(part, event.row.index)
      const i = places.get(index)
      if (i === undefined) throw changed()
      places.delete(index)
      const { decision } = outcomes[i]!
      if (decision.kind === 'kept') kept[decision.rank] = event.row
      else drop(event.row, i)
    }
  }
  if (places.size > 0) throw changed()
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
  // The files may hold their rows in any order, and what is written is in the pool's.
  using lines = await TextStore.open()
  const dropped = new Map<number, number>()
  const kept = await sortOut(decided, (row, i) => {
    const { decision, reason } = recordOf(decided, i)
    const columns = { tabtune_decision: decision, tabtune_reason: reason }
    dropped.set(i, lines.put(rowLine(row, { names: Object.keys(columns) }, columns)))
  })
  const file = new LineFile(join(folder, 'dropped.jsonl'))
  for (const i of decided.outcomes.keys()) {
    const place = dropped.get(i)
    if (place !== undefined) await file.write(lines.get(place))
  }
  await file.finish()
  const { name, content } = await keptFile(decided.parts, kept, total(decided), writing)
  await writeWhole(join(folder, name), await bytesOf(content))
  // Those of an earlier run in another container would pass for this one's.
  for (const other of await selectedIn(folder)) if (other !== name) await rm(join(folder, other))
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
