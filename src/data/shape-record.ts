import { DataError } from './data-error'
import { field, isFields } from './fields'
import { joinMembers, jsonMembers } from './json-members'
import type { Origin, Turn } from './row'

/** The JSON text of a record, every token as it was read. */
export const textOf = ({ source, raw }: Origin): string => source ?? JSON.stringify(raw)

export type Members = Readonly<Record<string, unknown>>

/** Turns as the fields of an Alpaca prompt. @throws {DataError} unless they are [system], then user and assistant in turn */
export function alpacaFields(turns: readonly Turn[]): Members {
  const system = turns[0]?.role === 'system' ? turns[0].content : undefined
  const rest = system === undefined ? turns : turns.slice(1)
  const wrong = rest.findIndex(({ role }, i) => role !== (i % 2 === 0 ? 'user' : 'assistant'))
  if (wrong !== -1 || rest.length % 2 === 0) {
    const at = turns.length - rest.length + (wrong === -1 ? rest.length : wrong + 1)
    throw new DataError(
      `turn ${at} is not where Alpaca has room for it: after a system text, user and assistant alternate`,
    )
  }
  const past = Array.from({ length: (rest.length - 1) / 2 }, (_, i) => [
    rest[2 * i]!.content,
    rest[2 * i + 1]!.content,
  ])
  return {
    instruction: rest.at(-1)!.content,
    input: '',
    ...(system === undefined ? {} : { system }),
    ...(past.length > 0 ? { history: past } : {}),
  }
}

const senders = { system: 'system', user: 'human', assistant: 'gpt' } as const

export const shareGptTurns = (turns: readonly Turn[]): Members[] =>
  turns.map(({ role, content }) => ({ from: senders[role], value: content }))

export const messages = (turns: readonly Turn[]): Members[] =>
  turns.map(({ role, content }) => ({ role, content }))

const messageFields: ReadonlySet<string> = new Set(['role', 'content', 'from', 'value'])

/** The first thing a message says besides who speaks and what, or undefined. */
function besides(message: unknown): string | undefined {
  if (!isFields(message)) return undefined
  return Object.entries(message).find(
    ([name, value]) =>
      !messageFields.has(name) && value !== null && !(Array.isArray(value) && value.length === 0),
  )?.[0]
}

/**
 * A record in another format: `made` in front, behind it every field of the old object that the old format has no
 * part in, apart from those `left` out.
 *
 * @throws {DataError} for what the new format has no place for
 */
export function reshape(
  record: Origin,
  made: Members,
  consumed: readonly string[],
  left: readonly string[] = [],
): string {
  const { raw } = record
  if (isFields(raw)) {
    for (const name of consumed) {
      const value = field(raw, name)
      const extra = Array.isArray(value) ? value.map(besides).find(one => one !== undefined) : besides(value)
      if (extra !== undefined)
        throw new DataError(
          `a message of its ${JSON.stringify(name)} has ${JSON.stringify(extra)}, for which there is no place`,
        )
    }
  }
  const members = new Map(Object.entries(made).map(([name, value]) => [name, JSON.stringify(value)]))
  for (const [name, value] of jsonMembers(textOf(record))) {
    if (consumed.includes(name) || left.includes(name) || (value === 'null' && members.has(name))) continue
    if (members.has(name))
      throw new DataError(`its ${JSON.stringify(name)} has a name that the format needs for itself`)
    members.set(name, value)
  }
  return joinMembers(members)
}
