import {
  type LabelledFile,
  type Method,
  type PairFile,
  type RowFile,
  type TrainingData,
  unpair,
} from '../../src/index'
import type { DataChoice } from '../training-protocol'
import { type Input, need } from './results'

/** Everything there is to learn from. */
interface Available {
  readonly rows: Input<RowFile> | null
  /** Places of the rows that are meant, best first; null for all. */
  readonly kept: readonly number[] | null
  readonly pairs: Input<PairFile> | null
  readonly labelled: Input<LabelledFile> | null
}

/** What a training learns from, and where it came from. */
export interface LearnedFrom {
  readonly data: TrainingData
  readonly input: Input<unknown>
  /** Places of the rows in their file; null for all. */
  readonly rows: readonly number[] | null
}

/** @throws {Error} if what the method learns from is not there */
export function learnedFrom(method: Method, choice: DataChoice, there: Available): LearnedFrom {
  if (method === 'preference' || (method === 'labelled' && choice.labelled === 'pairs')) {
    const input = need(there.pairs, 'pairs')
    const { pairs } = input.file
    const data: TrainingData =
      method === 'preference' ? { kind: 'pairs', pairs } : { kind: 'labelled', answers: unpair(pairs) }
    return { data, input, rows: null }
  }
  if (method === 'labelled') {
    const input = need(there.labelled, 'labelled answers')
    return { data: { kind: 'labelled', answers: input.file.answers }, input, rows: null }
  }
  const input = need(there.rows, 'rows')
  const kept = there.kept && new Set(there.kept)
  // In the file's order, which is that of a run that goes on with them.
  const rows = input.file.rows.filter(({ index }) => kept === null || kept.has(index))
  return { data: { kind: 'rows', rows }, input, rows: kept && rows.map(({ index }) => index) }
}
