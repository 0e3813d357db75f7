import { readLabelled, readPairs, readRows, type TrainingData } from '../index'
import type { Context } from './command'
import type { Input } from './input'
import { UsageError } from './options'

/** What a file holds to learn from. @throws {UsageError} if none of it can be used */
export async function readTrainingData(
  { blob, name }: Input,
  kind: TrainingData['kind'],
  { signal, progress }: Context,
): Promise<TrainingData> {
  const options = { name, signal }
  const read = {
    rows: async () => {
      const { rows, problems } = await readRows(blob, options)
      return { data: { kind: 'rows', rows } as const, number: rows.length, problems }
    },
    pairs: async () => {
      const { pairs, problems } = await readPairs(blob, options)
      return { data: { kind: 'pairs', pairs } as const, number: pairs.length, problems }
    },
    labelled: async () => {
      const { answers, problems } = await readLabelled(blob, options)
      return { data: { kind: 'labelled', answers } as const, number: answers.length, problems }
    },
  }
  const { data, number, problems } = await read[kind]()
  const [first] = problems
  if (number === 0)
    throw new UsageError(
      `${name}: none of the ${problems.length} records can be used; the first ${first?.reason}`,
    )
  if (first) progress.note(`${name}: ${problems.length} records cannot be read; the first ${first.reason}`)
  return data
}
