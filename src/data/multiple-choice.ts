import type { Source } from './content'
import { type ChoiceContent, type ChoiceFormat, choiceFormats } from './multiple-choice-formats'
import type { ReadOptions, RecordKind } from './record-stream'
import { type RecordFile, readRecords } from './records'
import type { Origin } from './row'

export type { ChoiceFormat }

/** A question with several answers, as lm-evaluation-harness asks it. */
export interface ChoiceQuestion extends Origin, ChoiceContent {
  readonly task: ChoiceFormat
}

/** What a file of questions held: `total` is questions + problems. */
export interface ChoiceFile extends RecordFile<ChoiceFormat> {
  readonly questions: readonly ChoiceQuestion[]
}

const choiceKind: RecordKind<ChoiceFormat, ChoiceContent & { readonly task: ChoiceFormat }> = {
  noun: 'question',
  formats: choiceFormats.map(format => ({
    ...format,
    read: fields => ({ task: format.name, ...format.read(fields) }),
  })),
  keys: ['goal', 'question', 'question_stem', 'endings'],
  mistaken: fields =>
    ['messages', 'conversations', 'instruction', 'chosen'].some(name => Object.hasOwn(fields, name))
      ? 'is a row to train on, not a question with several answers'
      : undefined,
}

/**
 * Reads a file of multiple-choice questions: JSON, JSON lines, CSV or Parquet with the fields that the Hub's data sets
 * have. A question whose right answer is not published, as in most test splits, becomes a problem.
 *
 * @throws {DataError} when the file cannot be read at all, is empty, or has no question of a known shape
 */
export async function readMultipleChoice(
  source: Source,
  options: ReadOptions<ChoiceFormat> = {},
): Promise<ChoiceFile> {
  const { records, ...file } = await readRecords(source, choiceKind, options)
  return { ...file, questions: records }
}
