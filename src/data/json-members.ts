import { scanJson, scanString, skipSpace } from './json-scanner'

const comma = 0x2c

/**
 * The members of a well-formed JSON object as they are written: each name, and its value's text. Of a repeated name the
 * last value counts, at the place of the first, as for `JSON.parse`.
 */
export function jsonMembers(text: string): Map<string, string> {
  const bytes = new TextEncoder().encode(text)
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const members = new Map<string, string>()
  let at = skipSpace(bytes, skipSpace(bytes, 0) + 1)
  while (bytes[at] === 0x22) {
    const nameEnd = scanString(bytes, at) as number
    const name: unknown = JSON.parse(decoder.decode(bytes.subarray(at, nameEnd)))
    const from = skipSpace(bytes, skipSpace(bytes, nameEnd) + 1)
    const span = scanJson(bytes, from) as { readonly end: number }
    members.set(name as string, decoder.decode(bytes.subarray(from, span.end)))
    at = skipSpace(bytes, span.end)
    if (bytes[at] === comma) at = skipSpace(bytes, at + 1)
  }
  return members
}

/** The text of an object with these members. */
export const joinMembers = (members: ReadonlyMap<string, string>): string =>
  `{${[...members].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`
