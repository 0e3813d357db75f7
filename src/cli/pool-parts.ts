import { readFile } from 'node:fs/promises'
import {
  DataError,
  inChunks,
  openRows,
  type Part,
  type PoolingOptions,
  type Problem,
  type ReadOptions,
  type Row,
  type RowFormat,
  type RowScoreOptions,
  type RowStream,
  rowNumbers,
  type ScoredRow,
  type Scorer,
  score,
} from '../index'
import type { Context } from './command'
import { type Input, openInput } from './input'
import { UsageError } from './options'
import { chunkDetail } from './progress'

/** A file that a pool is made of. */
export interface OpenPart {
  readonly input: Input
  readonly rows: RowStream
}

/** What is read of a file without a byte. */
const noRows: RowStream = {
  container: 'jsonl',
  gzip: false,
  format: 'messages',
  totalBytes: 0,
  async *[Symbol.asyncIterator]() {},
}

/**
 * Opens the files of a pool. Of several, those without a byte have no rows and come last: none of what a part was made
 * of may have been readable.
 *
 * @throws {UsageError} if one is not there
 * @throws {DataError} if one cannot be read at all
 */
export async function openParts(
  paths: readonly string[],
  reading: Pick<ReadOptions<RowFormat>, 'container' | 'format'>,
  signal: AbortSignal,
): Promise<OpenPart[]> {
  const parts: OpenPart[] = []
  const empty: OpenPart[] = []
  for (const path of paths) {
    const input = await openInput(path)
    if (paths.length > 1 && input.blob.size === 0) empty.push({ input, rows: noRows })
    else parts.push({ input, rows: await openRows(input.blob, { name: input.name, signal, ...reading }) })
  }
  if (parts.length === 0) throw new DataError(`${paths.join(', ')} are empty`)
  return [...parts, ...empty]
}

/** The first row of files that can be read. @throws {UsageError} if there is none */
export async function firstRow(parts: readonly OpenPart[]): Promise<Row> {
  let problem: Problem | undefined
  for (const { rows } of parts) {
    for await (const event of rows) {
      if (event.kind === 'row') return event.row
      problem ??= event.problem
    }
  }
  const names = parts.map(({ input }) => input.name).join(', ')
  const first = problem ? `: row ${problem.index} ${problem.reason}` : ''
  throw new UsageError(`${names}: there is no row that can be used${first}`)
}

/** Takes what selection needs of a file's rows, scored by `scorer` unless that is null. */
export async function readPart(
  { input, rows }: OpenPart,
  scorer: Scorer | null,
  rowScore: RowScoreOptions,
  pooling: PoolingOptions,
  { signal, progress }: Context,
): Promise<Part> {
  const numbers: Part['rows'][number][] = []
  const problems: Problem[] = []
  let done = 0
  const stage = scorer ? 'score' : 'read'
  for await (const { chunk, entries } of inChunks(rows)) {
    const some = entries.flatMap(entry => (entry.kind === 'row' ? [entry.row] : []))
    problems.push(...entries.flatMap(entry => (entry.kind === 'problem' ? [entry.problem] : [])))
    const onProgress = (fraction: number) => progress.update(stage, done, chunkDetail(chunk, fraction))
    const scored: readonly ScoredRow[] = scorer
      ? await score(some, scorer, { ...rowScore, signal, onProgress })
      : some.map(row => ({ row, score: { missing: 'it was not scored' }, exchanges: [] }))
    for (const row of scored) numbers.push(rowNumbers(row, pooling))
    done = entries.at(-1)!.end / rows.totalBytes
    progress.update(stage, done)
  }
  return { name: input.name, rows: numbers, problems, missing: await problemsBeside(input) }
}

/** What `score` and `embed` could not read of the file that this one is made of. */
async function problemsBeside({ path }: Input): Promise<Problem[]> {
  const beside = `${path}.problems.jsonl`
  const text = await readFile(beside, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  return text
    .split('\n')
    .flatMap((line, i) => (line === '' ? [] : [problemOf(line, `${beside}: line ${i + 1}`)]))
}

function problemOf(line: string, where: string): Problem {
  try {
    const { index, reason, excerpt, ...rest } = JSON.parse(line) as Problem
    if (Number.isSafeInteger(index) && index >= 0 && typeof reason === 'string')
      return { index, reason, excerpt, ...rest }
  } catch {
    // The reason is of no use to whoever did not write the file.
  }
  throw new DataError(
    `${where} does not say which row could not be read; make the part again, or remove that file`,
  )
}
