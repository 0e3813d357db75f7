import {
  type EncodedPairs,
  type FileDigest,
  fileDigest,
  type JobOptions,
  type PairFile,
  type PeftAdapter,
  type RowFile,
} from '../../src/index'
import { type FileSummary, problemLimit, type TrainingResult } from '../protocol'

/** An input as it was read, with its digest for the manifest. */
export interface Input<T> {
  readonly file: T
  readonly summary: FileSummary
  readonly digest: FileDigest
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
  read: Pick<RowFile | PairFile, 'container' | 'gzip' | 'format' | 'problems' | 'total'>,
): Promise<Omit<Input<unknown>, 'file'>> {
  const { container, gzip, format, problems, total } = read
  const summary: FileSummary = {
    name,
    bytes: file.size,
    container,
    gzip,
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
