import { Unreadable } from './data-error'
import { type Fields, field, filledText, isFields, kindOf, optionalText } from './fields'
import type { Role, Turn } from './row'

const roles: ReadonlyMap<unknown, Role> = new Map([
  ['system', 'system'],
  ['developer', 'system'],
  ['human', 'user'],
  ['user', 'user'],
  ['gpt', 'assistant'],
  ['assistant', 'assistant'],
])
const toolRoles: ReadonlySet<unknown> = new Set([
  'observation',
  'function_call',
  'function',
  'tool',
  'ipython',
])

/** OpenAI content: a string, or a list of text parts, which are joined without a separator. */
function content(value: unknown, name: string): unknown {
  if (!Array.isArray(value)) return value
  return value
    .map((part: unknown, i) => {
      const type = isFields(part) ? field(part, 'type') : undefined
      const text = isFields(part) ? field(part, 'text') : part
      if (typeof text === 'string' && (type === undefined || type === 'text')) return text
      const got = typeof type === 'string' ? `of type ${JSON.stringify(type)}` : kindOf(part)
      throw new Unreadable(`${name}: part ${i + 1} is ${got}; only text is read`)
    })
    .join('')
}

/**
 * One message, `{role, content}` or `{from, value}`; undefined for an empty system message, which says nothing.
 *
 * @throws {Unreadable} for tool calls and their results, unknown roles, and content that is not text or is blank
 */
export function readTurn(message: unknown, name: string): Turn | undefined {
  if (!isFields(message)) throw new Unreadable(`${name} is ${kindOf(message)}, wanted an object`)
  const [roleKey, textKey] = Object.hasOwn(message, 'from') ? ['from', 'value'] : ['role', 'content']
  const tag = field(message, roleKey)
  const calls = field(message, 'tool_calls')
  if (toolRoles.has(tag) || (Array.isArray(calls) && calls.length > 0)) {
    const what = toolRoles.has(tag) ? `is from ${JSON.stringify(tag)}` : 'has "tool_calls"'
    throw new Unreadable(`${name} ${what}: tool calls and their results are not read`)
  }
  const role = roles.get(tag)
  if (!role) {
    const got =
      typeof tag === 'string'
        ? `the ${roleKey === 'from' ? 'sender' : 'role'} ${JSON.stringify(tag.slice(0, 40))}`
        : `"${roleKey}" ${kindOf(tag)}`
    const wanted = roleKey === 'from' ? 'human, gpt or system' : 'user, assistant or system'
    throw new Unreadable(`${name} has ${got}, wanted ${wanted}`)
  }
  const text = content(field(message, textKey), name)
  if (role === 'system' && optionalText(text, `${name}: "${textKey}"`).trim() === '') return undefined
  return { role, content: filledText(text, `${name} (${role}): "${textKey}"`) }
}

/** The messages of the field `name`, in order. @throws {Unreadable} as `readTurn`, or when there is no list of them */
export function readTurns(value: unknown, name: string): Turn[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new Unreadable(`"${name}" is ${kindOf(value)}, wanted a list of turns`)
  }
  return value.flatMap((message: unknown, i) => readTurn(message, `turn ${i + 1} of "${name}"`) ?? [])
}

/** `turns` behind the text of the row's own field `system`, where there is one and the turns have none. */
export function withSystem(fields: Fields, turns: readonly Turn[]): readonly Turn[] {
  const system = optionalText(field(fields, 'system'), '"system"')
  if (system.trim() === '' || turns.some(turn => turn.role === 'system')) return turns
  return [{ role: 'system', content: system }, ...turns]
}

/** The question of an Alpaca row: `history`, then `instruction` and `input` joined by a newline, as LLaMA-Factory does. */
export function alpacaPrompt(fields: Fields): readonly Turn[] {
  const history = field(fields, 'history') ?? []
  if (!Array.isArray(history))
    throw new Unreadable(`"history" is ${kindOf(history)}, wanted a list of [question, answer]`)
  const past = history.flatMap((round: unknown, i): Turn[] => {
    if (!Array.isArray(round) || round.length !== 2) {
      throw new Unreadable(`round ${i + 1} of "history" is not [question, answer]`)
    }
    return [
      { role: 'user', content: filledText(round[0], `round ${i + 1} of "history": the question`) },
      { role: 'assistant', content: filledText(round[1], `round ${i + 1} of "history": the answer`) },
    ]
  })
  const input = optionalText(field(fields, 'input'), '"input"')
  const instruction = field(fields, 'instruction')
  const isBlank = typeof instruction === 'string' && instruction.trim() === ''
  const parts = isBlank && input.trim() !== '' ? [input] : [filledText(instruction, '"instruction"'), input]
  const question = parts.filter(part => part !== '').join('\n')
  return withSystem(fields, [...past, { role: 'user', content: question }])
}
