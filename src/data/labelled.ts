import type { Source } from './content'
import { contentId } from './content-id'
import { Unreadable } from './data-error'
import { type Fields, field, filledText, kindOf } from './fields'
import type { ReadOptions, RecordFormat, RecordKind } from './record-stream'
import { type EventStream, openEvents, type RecordFile, readRecords } from './records'
import type { Origin, Pair, Problem, Turn } from './row'
import { alpacaPrompt, readTurns, withSystem } from './turns'

/** `standard` and `conversational` are TRL's: prompt and completion as texts, or as lists of messages. */
export type LabelledFormat = 'standard' | 'conversational' | 'messages' | 'sharegpt' | 'alpaca'

/** An answer that someone found good or bad, as KTO trains on. */
export interface LabelledAnswer extends Origin {
  /** Ends with a user turn. */
  readonly prompt: readonly Turn[]
  readonly completion: string
  /** Whether it is desirable. */
  readonly label: boolean
}

/** What a file of labelled answers held: `total` is answers + problems. */
export interface LabelledFile extends RecordFile<LabelledFormat> {
  readonly answers: readonly LabelledAnswer[]
}

/** An answer of a file, or what could not be read there. `end`: how much of the file was read to get it, in bytes. */
export type LabelledEvent =
  | { readonly kind: 'answer'; readonly answer: LabelledAnswer; readonly end: number }
  | { readonly kind: 'problem'; readonly problem: Problem; readonly end: number }

export type LabelledStream = EventStream<LabelledFormat, LabelledEvent>

type Content = Omit<LabelledAnswer, keyof Origin>

const labels: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  [true, true],
  [false, false],
  [1, true],
  [0, false],
  ['true', true],
  ['false', false],
])
const labelNames = ['label', 'kto_tag']

/** `true`, 1 or the word, in any case, as pandas writes it to CSV. */
function labelOf(fields: Fields): boolean {
  const value = labelNames.map(name => field(fields, name)).find(one => one !== undefined && one !== null)
  const label = labels.get(typeof value === 'string' ? value.trim().toLowerCase() : value)
  if (label === undefined) throw new Unreadable(`"label" is ${kindOf(value)}, wanted true or false`)
  return label
}

function labelled(fields: Fields, turns: readonly Turn[]): Content {
  const answer = turns.at(-1)
  const prompt = turns.slice(0, -1)
  if (answer?.role !== 'assistant')
    throw new Unreadable('ends with no turn of the assistant: there is no answer')
  if (prompt.at(-1)?.role !== 'user') throw new Unreadable('has no user turn before the answer')
  return { prompt, completion: answer.content, label: labelOf(fields) }
}

const list = (name: LabelledFormat, key: string, looks: string): RecordFormat<LabelledFormat, Content> => ({
  name,
  looks,
  matches: fields => (field(fields, key) ?? null) !== null,
  read: fields => labelled(fields, withSystem(fields, readTurns(field(fields, key), key))),
})

const promptOf = (value: unknown): readonly Turn[] =>
  typeof value === 'string'
    ? [{ role: 'user', content: filledText(value, '"prompt"') }]
    : readTurns(value, 'prompt')

const formats: readonly RecordFormat<LabelledFormat, Content>[] = [
  list('messages', 'messages', '"messages" with a "label"'),
  list('sharegpt', 'conversations', '"conversations" with a "label"'),
  {
    name: 'conversational',
    looks: '"prompt" and "completion" lists of messages with a "label"',
    matches: fields => Array.isArray(field(fields, 'completion')),
    read: fields => {
      const prompt = promptOf(field(fields, 'prompt'))
      return labelled(
        fields,
        withSystem(fields, [...prompt, ...readTurns(field(fields, 'completion'), 'completion')]),
      )
    },
  },
  {
    name: 'standard',
    looks: '"prompt" and "completion" texts with a "label"',
    matches: fields => Object.hasOwn(fields, 'completion'),
    read: fields => {
      const content = filledText(field(fields, 'completion'), '"completion"')
      return labelled(
        fields,
        withSystem(fields, [...promptOf(field(fields, 'prompt')), { role: 'assistant', content }]),
      )
    },
  },
  {
    name: 'alpaca',
    looks: '"instruction" and "output" with a "label"',
    matches: fields => (field(fields, 'instruction') ?? null) !== null,
    read: fields => {
      const content = filledText(field(fields, 'output'), '"output"')
      return labelled(fields, [...alpacaPrompt(fields), { role: 'assistant', content }])
    },
  },
]

const labelledKind: RecordKind<LabelledFormat, Content> = {
  noun: 'labelled answer',
  formats: formats.map(format => ({
    ...format,
    matches: fields => labelNames.some(name => Object.hasOwn(fields, name)) && format.matches(fields),
  })),
  keys: ['label', 'kto_tag', 'completion'],
  mistaken: fields =>
    labelNames.some(name => Object.hasOwn(fields, name)) ? undefined : 'has no "label" of true or false',
}

/**
 * Opens a file of labelled answers, which then come out one by one.
 *
 * @throws {DataError} when the file cannot be read at all, is empty, or has no labelled answer of a known shape
 */
export const openLabelled = (
  source: Source,
  options: ReadOptions<LabelledFormat> = {},
): Promise<LabelledStream> =>
  openEvents(source, labelledKind, options, (answer, end): LabelledEvent => ({ kind: 'answer', answer, end }))

/** Reads all labelled answers of a file, as `openLabelled` does. */
export async function readLabelled(
  source: Source,
  options: ReadOptions<LabelledFormat> = {},
): Promise<LabelledFile> {
  const { records, ...file } = await readRecords(source, labelledKind, options)
  return { ...file, answers: records }
}

/** An answer that is in no pair. */
export interface Unpaired {
  readonly index: number
  readonly id: string
  readonly reason: string
}

/**
 * Pairs the first desirable answer to a prompt with the first undesirable one to the same prompt, the second with the
 * second, and so on. Pairs come in the order of their desirable answers, whose positions they have. Pairs and unpaired
 * answers add up: 2 · pairs + unpaired = answers.
 */
export function pairLabelled(answers: readonly LabelledAnswer[]): {
  readonly pairs: readonly Pair[]
  readonly unpaired: readonly Unpaired[]
} {
  const groups = new Map<string, { good: LabelledAnswer[]; bad: LabelledAnswer[] }>()
  for (const answer of answers) {
    const key = JSON.stringify(answer.prompt)
    const group = groups.get(key) ?? { good: [], bad: [] }
    groups.set(key, group)
    ;(answer.label ? group.good : group.bad).push(answer)
  }
  const pairs: Pair[] = []
  const unpaired: Unpaired[] = []
  const leave = ({ index, id }: LabelledAnswer, reason: string) => unpaired.push({ index, id, reason })
  for (const { good, bad } of groups.values()) {
    for (const [i, chosen] of good.entries()) {
      const rejected = bad[i]
      if (!rejected) leave(chosen, `no undesirable answer to the same prompt is left (of ${bad.length})`)
      else if (rejected.completion !== chosen.completion) pairs.push(pairOf(chosen, rejected))
      else {
        leave(chosen, `row ${rejected.index} has the same answer as undesirable`)
        leave(rejected, `row ${chosen.index} has the same answer as desirable`)
      }
    }
    for (const answer of bad.slice(good.length))
      leave(answer, `no desirable answer to the same prompt is left (of ${good.length})`)
  }
  return {
    pairs: pairs.sort((a, b) => a.index - b.index),
    unpaired: unpaired.sort((a, b) => a.index - b.index),
  }
}

/**
 * Pairs as single answers: every chosen one as desirable, then every rejected one as undesirable, as TRL's
 * `unpair_preference_dataset` (there for each 1000 pairs). An answer has the position of its pair.
 */
export const unpair = (pairs: readonly Pair[]): LabelledAnswer[] =>
  [true, false].flatMap(label =>
    pairs.map(({ index, id, prompt, chosen, rejected }) => {
      const completion = label ? chosen : rejected
      const raw = { prompt, completion: message(completion), label }
      return { index, id: contentId(`${id} ${label}`), prompt, completion, label, raw }
    }),
  )

const message = (content: string): readonly Turn[] => [{ role: 'assistant', content }]

function pairOf({ index, id, prompt, completion }: LabelledAnswer, bad: LabelledAnswer): Pair {
  const raw = { prompt, chosen: message(completion), rejected: message(bad.completion) }
  return {
    index,
    id: contentId(`${id} ${bad.id}`),
    prompt,
    chosen: completion,
    rejected: bad.completion,
    raw,
  }
}
