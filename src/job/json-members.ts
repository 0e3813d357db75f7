import { layoutJson } from '../data/json-layout'
import type { Row } from '../data/row'

/** One member of a JSON object: its name, and the text of its value. */
interface Member {
  readonly name: string
  /** Name and value as they stand: `"name":value`. */
  readonly text: string
}

/** The offset past the string that begins at `at`. */
function pastString(text: string, at: number): number {
  for (let end = at + 1; ; end++) {
    if (text[end] === '\\') end++
    else if (text[end] === '"') return end + 1
  }
}

/** The members of a compact, well-formed object, in order; names may repeat. */
function members(text: string): Member[] {
  const found: Member[] = []
  let at = 1
  while (text[at] === '"') {
    const named = pastString(text, at)
    let depth = 0
    let end = named + 1
    while (depth > 0 || (text[end] !== ',' && text[end] !== '}')) {
      const character = text[end]!
      if (character === '"') {
        end = pastString(text, end)
        continue
      }
      if (character === '{' || character === '[') depth++
      else if (character === '}' || character === ']') depth--
      end++
    }
    found.push({ name: JSON.parse(text.slice(at, named)) as string, text: text.slice(at, end) })
    at = end + 1
  }
  return found
}

/** A row's own object as one line of JSON, with its numbers and escapes as they were in the file. */
export const rowJson = ({ source, raw }: Pick<Row, 'source' | 'raw'>): string =>
  source === undefined ? JSON.stringify(raw) : layoutJson(source, 0)

/**
 * A compact JSON object without the members of these names, and with these behind the rest. What stays keeps its
 * characters.
 */
export function withMembers(
  object: string,
  without: ReadonlySet<string>,
  added: Readonly<Record<string, unknown>>,
): string {
  const kept = members(object).filter(({ name }) => !without.has(name) && !Object.hasOwn(added, name))
  const fresh = Object.entries(added).map(
    ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
  )
  return `{${[...kept.map(({ text }) => text), ...fresh].join(',')}}`
}
