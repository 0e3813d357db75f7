import {
  type EncodedPairs,
  type FileDigest,
  fileDigest,
  type JobOptions,
  type PairFile,
  type PeftAdapter,
  type RowFile,
  type ScoredRow,
  type Selection,
  type SelectionRecord,
} from '../../src/index'
import { type FileSummary, problemLimit, type SelectionSummary, type TrainingResult } from '../protocol'

/** An input as it was read, with its digest for the manifest. */
export interface Input<T> {
  readonly file: T
  readonly summary: FileSummary
  readonly digest: FileDigest
}

/** What the scorer made of the rows. */
export interface Scored {
  readonly keys: readonly string[]
  readonly rows: readonly ScoredRow[]
}

export interface Selected {
  readonly selection: Selection
  /** One for every row of the file, in the file's order. */
  readonly records: readonly SelectionRecord[]
  readonly summary: SelectionSummary
}

export interface Trained {
  readonly options: JobOptions
  readonly dropped: EncodedPairs['dropped']
  readonly result: TrainingResult
  /** A copy that outlives the device. */
  readonly adapter: PeftAdapter
}

/** Summary and digest of a file that was read. */
export async function described(
  file: Blob,
  name: string,
  read: Pick<RowFile | PairFile, 'container' | 'format' | 'problems' | 'total'>,
): Promise<Omit<Input<unknown>, 'file'>> {
  const { container, format, problems, total } = read
  const summary: FileSummary = {
    name,
    bytes: file.size,
    container,
    format,
    usable: total - problems.length,
    total,
    problems: problems.slice(0, problemLimit),
  }
  return { summary, digest: await fileDigest(name, new Uint8Array(await file.arrayBuffer())) }
}

/** @throws {Error} if a stage is asked for whose input is not there */
export function need<T>(value: T | null, what: string): T {
  if (value === null) throw new Error(`There are no ${what} yet.`)
  return value
}
