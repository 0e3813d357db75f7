import {
  type DataEvent,
  type FileDigest,
  fileDigest,
  type PairFile,
  type PeftAdapter,
  type RowFile,
  type RunComparison,
  type TrainingConfig,
} from '../../src/index'
import { type FileSummary, type Given, problemLimit } from '../protocol'
import type { TrainingResult } from '../training-protocol'

/** An input as it was read, with its digest for the manifest. */
export interface Input<T> {
  readonly file: T
  readonly given: Given
  readonly summary: FileSummary
  readonly digest: FileDigest
}

export interface Trained {
  readonly config: TrainingConfig
  /** The file that it learned from. */
  readonly input: Pick<Input<unknown>, 'summary' | 'digest'>
  readonly data: DataEvent
  readonly result: TrainingResult
  /** Null where it ended before it was measured again. */
  readonly comparison: RunComparison | null
  /** A copy that outlives the device; null where all weights were trained. */
  readonly adapter: PeftAdapter | null
}

/** Summary and digest of a file that was read. */
export async function described(
  given: Given,
  read: Pick<RowFile | PairFile, 'container' | 'gzip' | 'format' | 'problems' | 'total'>,
): Promise<Omit<Input<unknown>, 'file'>> {
  const { file, name } = given
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
  return { given, summary, digest: await fileDigest(name, new Uint8Array(await file.arrayBuffer())) }
}

/** @throws {Error} if a stage is asked for whose input is not there */
export function need<T>(value: T | null, what: string): T {
  if (value === null) throw new Error(`There are no ${what} yet.`)
  return value
}
