import { converted, used } from './convert-record'
import { DataError } from './data-error'
import { type PairFile, type PairFormat, pairKind } from './read-pairs'
import type { Origin, Pair } from './row'
import { alpacaFields, type Members, messages, reshape, shareGptTurns } from './shape-record'
import { type WriteOptions, writeRecords } from './write-records'

type WrittenFormat = Exclude<PairFormat, 'ultrafeedback'>

const makers: Readonly<Record<WrittenFormat, (pair: Pair) => Members>> = {
  alpaca: ({ prompt, chosen, rejected }) => {
    const { instruction, input, ...rest } = alpacaFields(prompt)
    return { instruction, input, chosen, rejected, ...rest }
  },
  sharegpt: ({ prompt, chosen, rejected }) => ({
    conversations: shareGptTurns(prompt),
    chosen: { from: 'gpt', value: chosen },
    rejected: { from: 'gpt', value: rejected },
  }),
  conversational: ({ prompt, chosen, rejected }) => ({
    prompt: messages(prompt),
    chosen: messages([{ role: 'assistant', content: chosen }]),
    rejected: messages([{ role: 'assistant', content: rejected }]),
  }),
  standard: ({ prompt, chosen, rejected }) => {
    const [system, user] = prompt.length === 2 ? prompt : [undefined, prompt[0]]
    if (prompt.length > 2 || (system && system.role !== 'system'))
      throw new DataError(
        `its prompt has ${prompt.length} turns, where a text has room for one: write conversational`,
      )
    return { prompt: user!.content, chosen, rejected, ...(system ? { system: system.content } : {}) }
  },
}

/** The fields that a format makes prompt and answers of. */
const consumed: Readonly<Record<PairFormat, readonly string[]>> = {
  alpaca: ['instruction', 'input', 'history', 'system', 'chosen', 'rejected'],
  sharegpt: ['conversations', 'system', 'chosen', 'rejected'],
  conversational: ['prompt', 'system', 'chosen', 'rejected'],
  standard: ['prompt', 'system', 'chosen', 'rejected'],
  ultrafeedback: ['instruction', 'input', 'history', 'system'],
}

/** The field in which a format has its prompt's turns, if it has one. */
const listField: Readonly<Record<PairFormat, string>> = {
  alpaca: '',
  sharegpt: 'conversations',
  conversational: 'chosen',
  standard: '',
  ultrafeedback: '',
}

/** UltraFeedback's scores, under the names that its binarized form has. */
const rewards = ({ chosenReward, rejectedReward }: Pair): Members =>
  chosenReward === undefined ? {} : { score_chosen: chosenReward, score_rejected: rejectedReward }

function convertPair(pair: Pair, format: PairFormat): string | undefined {
  const kind = pairKind()
  return converted(
    pair,
    kind,
    format,
    own => {
      if (format === 'ultrafeedback') throw new DataError('one pair is not all of its scored answers')
      const made = { ...makers[format](pair), ...(own === 'ultrafeedback' ? rewards(pair) : {}) }
      const names = used(pair, consumed[own], listField[own])
      // The prompt's system text may stand in the prompt as well.
      return reshape(
        pair,
        made,
        own === 'conversational' ? used(pair, names, 'prompt') : names,
        own === 'ultrafeedback' ? ['completions'] : [],
      )
    },
    again => content(again) === content(pair),
    'ultrafeedback',
  )
}

const content = (pair: Omit<Pair, keyof Origin>): string =>
  JSON.stringify([pair.prompt, pair.chosen, pair.rejected, pair.chosenReward, pair.rejectedReward])

/**
 * The pairs at these positions of `file.pairs`, in the order given, as `writeRows` writes rows. Pairs of UltraFeedback in
 * another format leave their other answers out; their scores become `score_chosen` and `score_rejected`.
 *
 * @throws {DataError} for a position that the file does not have, and for a pair that the format or container asked for
 * has no place for
 */
export function writePairs(
  file: PairFile,
  positions: readonly number[],
  options: WriteOptions<PairFormat> = {},
): Promise<Blob> {
  const { format } = options
  const convert = (pair: Pair): string | undefined => (format ? convertPair(pair, format) : undefined)
  return writeRecords({ file, all: file.pairs, positions, noun: 'pair' }, convert, options)
}
