import { openAsBlob } from 'node:fs'
import {
  type ComputedChunk,
  computeInChunks,
  DataError,
  jobIdentity,
  type Manifest,
  openRows,
  type Problem,
  type ReadOptions,
  type RowColumns,
  type RowFormat,
  readRows,
  rowLine,
  type Shard,
  writeRows,
} from '../index'
import type { Context } from './command'
import { type Input, openInput } from './input'
import { Machine } from './machine'
import type { ModelArguments } from './model-arguments'
import { firstRow } from './pool-parts'
import { chunkDetail } from './progress'
import { ResumableFile } from './resumable-file'
import { toStandardOutput } from './standard-output'

/** What computes columns, with what it holds. */
export interface OpenColumns extends Disposable {
  readonly columns: RowColumns
}

/** Adds columns to every row of a file. */
export interface ColumnJob {
  readonly command: string
  /** `-` for standard input. */
  readonly input: string
  /** `-` for standard output. */
  readonly out: string
  readonly reading: Pick<ReadOptions<RowFormat>, 'container' | 'format'>
  readonly shard: Shard
  readonly model: ModelArguments
  readonly needs: { readonly gpu: boolean; readonly model: boolean }
  /** What else decides the result. */
  readonly options: Manifest['options']
  open(machine: Machine, context: Context): Promise<OpenColumns>
}

/** Where the lines of chunks go. */
interface Lines extends Disposable {
  /** The chunk that is there already, with all before it; -1 if there is none. */
  readonly last: number
  append(chunk: number, lines: string, problems: readonly Problem[]): Promise<void>
  finish(): Promise<void>
}

/**
 * Computes columns chunk by chunk and writes the rows with them.
 *
 * @returns whether it ran to its end; false if it was stopped, and can be continued
 */
export async function writeColumns(job: ColumnJob, context: Context): Promise<boolean> {
  const { progress, signal } = context
  const input = await openInput(job.input)
  const { blob, name } = input
  const rows = await openRows(blob, { name, signal, ...job.reading })
  await firstRow([{ input, rows }])
  using machine = new Machine(job.model, context)
  // What the result depends on is known before anything is computed.
  if (job.needs.gpu) await machine.gpu()
  if (job.needs.model) await machine.files()
  using lines = job.out === '-' ? standardOutput(input) : await fileLines(job, input, machine)
  if (!lines) {
    progress.note(`${job.out} is complete already`)
    return true
  }
  const first = lines.last + 1
  if (first > 0) progress.note(`continuing ${job.out} after chunk ${lines.last}`)
  try {
    using opened = await job.open(machine, context)
    const { columns } = opened
    let done = 0
    const chunks = computeInChunks(rows, columns, {
      shard: job.shard,
      first,
      signal,
      onProgress: (chunk, fraction) => progress.update(job.command, done, chunkDetail(chunk, fraction)),
    })
    for await (const chunk of chunks) {
      await lines.append(chunk.chunk, textOf(chunk, columns), problemsOf(chunk))
      done = chunk.entries.at(-1)!.end / rows.totalBytes
      progress.update(job.command, done)
    }
    await lines.finish()
  } catch (error) {
    if (!signal.aborted) throw error
    progress.done()
    if (job.out !== '-') progress.note('stopped; the same command continues')
    return false
  }
  progress.done()
  return true
}

const problemsOf = ({ entries }: ComputedChunk): Problem[] =>
  entries.flatMap(entry => (entry.kind === 'problem' ? [entry.problem] : []))

function textOf({ entries, values }: ComputedChunk, columns: RowColumns): string {
  let text = ''
  let i = 0
  for (const entry of entries) if (entry.kind === 'row') text += rowLine(entry.row, columns, values[i++]!)
  return text
}

/** Rows that could not be read, for a person. */
function complaint({ name }: Input, problems: readonly Problem[]): string {
  const [first] = problems
  const count = problems.length === 1 ? '1 row' : `${problems.length} rows`
  return `${name}: ${count} could not be read; row ${first!.index} ${first!.reason}`
}

function standardOutput(input: Input): Lines {
  const problems: Problem[] = []
  return {
    last: -1,
    async append(_, lines, found) {
      problems.push(...found)
      await toStandardOutput(lines)
    },
    async finish() {
      if (problems.length > 0) console.error(`tabtune: ${complaint(input, problems)}`)
    },
    [Symbol.dispose]() {},
  }
}

/**
 * Rows as Parquet, which has no lines that could be written one by one: they pass through memory. They are read as
 * those of the input were, so that all that were scored are found again.
 */
async function toParquet(path: string, { format }: ColumnJob['reading']): Promise<Blob> {
  const lines = await openAsBlob(path)
  // A part of a file may have no rows; a file without a byte says so in any container.
  if (lines.size === 0) return lines
  try {
    const file = await readRows(lines, {
      ...{ name: path, container: 'jsonl' },
      ...(format === undefined ? {} : { format }),
    })
    const [lost] = file.problems
    if (lost) throw new DataError(`${path}: row ${lost.index} cannot be read again: ${lost.reason}`)
    return await writeRows(file, [...file.rows.keys()], { container: 'parquet' })
  } catch (error) {
    if (!(error instanceof DataError)) throw error
    throw new DataError(`${error.message}. Nothing is lost: ${path} holds all rows as JSON lines`, {
      cause: error,
    })
  }
}

async function fileLines(
  { out, command, options, reading, shard }: ColumnJob,
  { digest }: Input,
  machine: Machine,
): Promise<Lines | null> {
  const identity = jobIdentity({
    ...(await machine.used()),
    options: { command, ...options, ...reading, shard: `${shard.index}/${shard.count}` },
    inputs: [digest],
  })
  const file = await ResumableFile.open(out, { ...identity })
  return (
    file && {
      last: file.last,
      append: (chunk, lines, problems) => file.append(chunk, lines, problems),
      finish() {
        const problems = file.notes.map(problem => `${JSON.stringify(problem)}\n`).join('')
        // One of an earlier file of this name would tell of rows that this one has.
        const beside = new Map([['.problems.jsonl', problems || null]])
        const convert = (path: string) => toParquet(path, reading)
        return file.finish(beside, out.endsWith('.parquet') ? convert : undefined)
      },
      [Symbol.dispose]: () => file[Symbol.dispose](),
    }
  )
}
