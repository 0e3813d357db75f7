import type { Source } from './content'
import { Unreadable } from './data-error'
import { type Fields, field, filledText, isFields } from './fields'
import type { ReadOptions, RecordFormat, RecordKind } from './record-stream'
import { type EventStream, openEvents, type RecordFile, readRecords } from './records'
import { rewardsOf } from './rewards'
import type { Origin, Pair, Problem, Turn } from './row'
import { alpacaPrompt, readTurn, readTurns, withSystem } from './turns'
import { type BinarizeOptions, binarize, checkBinarize } from './ultra-feedback'

/** `standard` and `conversational` are TRL's: prompt, chosen and rejected as strings, or as lists of messages. */
export type PairFormat = 'sharegpt' | 'alpaca' | 'standard' | 'conversational' | 'ultrafeedback'

export interface PairOptions extends ReadOptions<PairFormat> {
  /** How UltraFeedback's scored answers become pairs. */
  readonly binarize?: BinarizeOptions
}

/** What a file of preference pairs held: `total` is pairs + problems. */
export interface PairFile extends RecordFile<PairFormat> {
  readonly pairs: readonly Pair[]
}

/** A pair of a file, or what could not be read there. `end`: how much of the file was read to get it, in bytes. */
export type PairEvent =
  | { readonly kind: 'pair'; readonly pair: Pair; readonly end: number }
  | { readonly kind: 'problem'; readonly problem: Problem; readonly end: number }

export type PairStream = EventStream<PairFormat, PairEvent>

type Content = Omit<Pair, keyof Origin>

function pair(prompt: readonly Turn[], chosen: string, rejected: string): Content {
  const last = prompt.at(-1)
  if (last?.role !== 'user') {
    const got = last ? `ends with a turn of the ${last.role}` : 'is empty'
    throw new Unreadable(`the prompt ${got}, wanted a user turn to answer`)
  }
  if (chosen === rejected)
    throw new Unreadable('chosen and rejected are the same text: there is no preference')
  return { prompt, chosen, rejected }
}

/** ShareGPT's answer: one message, whose sender must be the assistant. */
function answer(fields: Fields, name: 'chosen' | 'rejected'): string {
  const value = field(fields, name)
  if (!isFields(value)) return filledText(value, `"${name}"`)
  const turn = readTurn(value, `"${name}"`)
  if (turn?.role !== 'assistant')
    throw new Unreadable(`"${name}" is a turn of the ${turn?.role ?? 'system'}, wanted the assistant`)
  return turn.content
}

const answerText = (fields: Fields, name: 'chosen' | 'rejected'): string =>
  filledText(field(fields, name), `"${name}"`)

const same = (a: Turn | undefined, b: Turn | undefined): boolean =>
  a?.role === b?.role && a?.content === b?.content

/** The one assistant message behind the prompt. */
function onlyAnswer(turns: readonly Turn[], name: 'chosen' | 'rejected'): string {
  const [turn] = turns
  if (!turn) throw new Unreadable(`"${name}" has no answer behind the turns that both share`)
  if (turns.length === 1 && turn.role === 'assistant') return turn.content
  const got = turns.length === 1 ? `a turn of the ${turn.role}` : `${turns.length} turns`
  throw new Unreadable(`"${name}" has ${got} behind the turns that both share, wanted one assistant turn`)
}

/**
 * TRL's conversational pairs. `chosen` and `rejected` hold what follows `prompt`, or the whole conversation; the turns
 * before the answer are those that both share from the start, compared by messages. A `prompt` string beside whole
 * conversations only repeats one of their turns, so it is left out.
 */
function conversational(fields: Fields): Content {
  const value = field(fields, 'prompt') ?? []
  const prompt: readonly Turn[] =
    typeof value === 'string'
      ? [{ role: 'user', content: filledText(value, '"prompt"') }]
      : Array.isArray(value) && value.length === 0
        ? []
        : readTurns(value, 'prompt')
  const whole = (name: 'chosen' | 'rejected'): readonly Turn[] => {
    const turns = readTurns(field(fields, name), name)
    const isWhole =
      typeof value === 'string'
        ? turns[0]?.role !== 'assistant'
        : prompt.every((turn, i) => same(turn, turns[i]))
    return isWhole ? turns : [...prompt, ...turns]
  }
  const chosen = whole('chosen')
  const rejected = whole('rejected')
  let shared = 0
  const shorter = Math.min(chosen.length, rejected.length)
  while (shared < shorter && same(chosen[shared], rejected[shared])) shared++
  if (shared === chosen.length && shared === rejected.length) {
    throw new Unreadable('chosen and rejected are the same turns: there is no preference')
  }
  const turns = withSystem(fields, chosen.slice(0, shared))
  return pair(
    turns,
    onlyAnswer(chosen.slice(shared), 'chosen'),
    onlyAnswer(rejected.slice(shared), 'rejected'),
  )
}

const has = (fields: Fields, name: string): boolean => (field(fields, name) ?? null) !== null

const formats: readonly RecordFormat<PairFormat, Content>[] = [
  {
    name: 'sharegpt',
    looks: '"conversations" with a "chosen" and a "rejected" turn',
    matches: fields => has(fields, 'conversations'),
    read: fields =>
      pair(
        withSystem(fields, readTurns(field(fields, 'conversations'), 'conversations')),
        answer(fields, 'chosen'),
        answer(fields, 'rejected'),
      ),
  },
  {
    name: 'conversational',
    looks: '"chosen" and "rejected" lists of messages',
    matches: fields => ['prompt', 'chosen', 'rejected'].some(name => Array.isArray(field(fields, name))),
    read: conversational,
  },
  {
    name: 'alpaca',
    looks: '"instruction", "chosen" and "rejected" texts',
    matches: fields => has(fields, 'instruction'),
    read: fields => pair(alpacaPrompt(fields), answerText(fields, 'chosen'), answerText(fields, 'rejected')),
  },
  {
    name: 'standard',
    looks: '"prompt", "chosen" and "rejected" texts',
    matches: fields => Object.hasOwn(fields, 'prompt'),
    read: fields => {
      const prompt: Turn = { role: 'user', content: filledText(field(fields, 'prompt'), '"prompt"') }
      return pair(withSystem(fields, [prompt]), answerText(fields, 'chosen'), answerText(fields, 'rejected'))
    },
  },
]

const hasAnswers = (fields: Fields): boolean =>
  Object.hasOwn(fields, 'chosen') && Object.hasOwn(fields, 'rejected')

/** `instruction` and `completions`, a list of answers with scores by several judges. */
const ultraFeedback = (options: BinarizeOptions): RecordFormat<PairFormat, Content> => ({
  name: 'ultrafeedback',
  looks: '"instruction" and "completions" with scores',
  matches: fields => has(fields, 'instruction') && has(fields, 'completions'),
  read: fields => {
    const { chosen, rejected, ...rewards } = binarize(fields, options)
    return { ...pair(alpacaPrompt(fields), chosen, rejected), ...rewards }
  },
})

/** How pairs are read; what writes them checks by it. */
export const pairKind = (options: BinarizeOptions = {}): RecordKind<PairFormat, Content> => ({
  noun: 'pair',
  formats: [
    ...formats.map(format => ({
      ...format,
      matches: (fields: Fields) => hasAnswers(fields) && format.matches(fields),
      read: (fields: Fields) => ({ ...format.read(fields), ...rewardsOf(fields) }),
    })),
    ultraFeedback(options),
  ],
  keys: ['chosen', 'rejected', 'completions'],
  mistaken: fields => {
    const missing = ['chosen', 'rejected']
      .filter(name => !Object.hasOwn(fields, name))
      .map(name => `"${name}"`)
    if (missing.length === 0) return undefined
    if (Object.hasOwn(fields, 'completion') && Object.hasOwn(fields, 'label'))
      return 'is one answer with a label, not a preference pair: read the file with readLabelled'
    const known = ['messages', 'conversations', 'instruction'].some(name => Object.hasOwn(fields, name))
    return `has no ${missing.join(' and no ')}${known && missing.length === 2 ? ': it is an instruction row, not a preference pair' : ''}`
  },
})

/**
 * Opens a file of preference pairs, which then come out one by one: a file larger than memory can be read.
 *
 * @throws {DataError} when the file cannot be read at all, is empty, or has no pair of a known shape
 */
export async function openPairs(source: Source, options: PairOptions = {}): Promise<PairStream> {
  checkBinarize(options.binarize ?? {})
  return openEvents(
    source,
    pairKind(options.binarize),
    options,
    (pair, end): PairEvent => ({ kind: 'pair', pair, end }),
  )
}

/** Reads all pairs of a file, as `openPairs` does. */
export async function readPairs(source: Source, options: PairOptions = {}): Promise<PairFile> {
  checkBinarize(options.binarize ?? {})
  const { records, ...file } = await readRecords(source, pairKind(options.binarize), options)
  return { ...file, pairs: records }
}
