import { DataError, type Problem, readLabelled, readPairs, readRows, type TrainingData } from '../index'
import type { Input } from './input'
import { UsageError } from './options'

/** Who is told of what cannot be read. */
export interface Told {
  readonly signal: AbortSignal
  readonly progress: { note(text: string): void }
}

/** Reads what must be usable. @throws {UsageError} for a file that holds nothing of what is wanted */
export const usable = <T>(reading: Promise<T>): Promise<T> =>
  reading.catch(error => {
    throw error instanceof DataError ? new UsageError(error.message, { cause: error }) : error
  })

interface Held {
  readonly data: TrainingData
  readonly number: number
  readonly problems: readonly Problem[]
}

/** What a file holds to learn from. @throws {UsageError} if none of it can be used */
export async function readTrainingData(
  { blob, name }: Input,
  kind: TrainingData['kind'],
  { signal, progress }: Told,
): Promise<TrainingData> {
  const options = { name, signal }
  const read: Readonly<Record<TrainingData['kind'], () => Promise<Held>>> = {
    rows: async () => {
      const { rows, problems } = await readRows(blob, options)
      return { data: { kind: 'rows', rows }, number: rows.length, problems }
    },
    pairs: async () => {
      const { pairs, problems } = await readPairs(blob, options)
      return { data: { kind: 'pairs', pairs }, number: pairs.length, problems }
    },
    labelled: async () => {
      const { answers, problems } = await readLabelled(blob, options)
      return { data: { kind: 'labelled', answers }, number: answers.length, problems }
    },
  }
  const { data, number, problems } = await usable(read[kind]())
  const [first] = problems
  if (number === 0)
    throw new UsageError(
      `${name}: none of the ${problems.length} records can be used; the first ${first?.reason}`,
    )
  if (first) progress.note(`${name}: ${problems.length} records cannot be read; the first ${first.reason}`)
  return data
}
