const quote = 0x22
const backslash = 0x5c

const isSpace = (character: string | undefined): boolean =>
  character === ' ' || character === '\n' || character === '\r' || character === '\t'

function pastSpace(text: string, at: number): number {
  while (isSpace(text[at])) at++
  return at
}

function pastToken(text: string, at: number): number {
  if (text[at] !== '"') {
    while (at < text.length && !isSpace(text[at]) && !',:[]{}'.includes(text[at]!)) at++
    return at
  }
  at++
  for (; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === quote) break
    if (unit === backslash) at++
  }
  return at + 1
}

/**
 * Lays well-formed JSON text out as `JSON.stringify(value, null, indent)` does, without touching a token: numbers,
 * escapes, repeated and integer-like keys stay as they were written. `level`: how deep the text itself is to sit.
 */
export function layoutJson(text: string, indent: number, level = 0): string {
  const line = (): string => (indent > 0 ? `\n${' '.repeat(indent * level)}` : '')
  const parts: string[] = []
  let at = pastSpace(text, 0)
  while (at < text.length) {
    const character = text[at]!
    if (character === '{' || character === '[') {
      const next = pastSpace(text, at + 1)
      if (text[next] === '}' || text[next] === ']') {
        parts.push(character, text[next])
        at = next
      } else {
        level++
        parts.push(character, line())
      }
      at++
    } else if (character === '}' || character === ']') {
      level--
      parts.push(line(), character)
      at++
    } else if (character === ',') {
      parts.push(character, line())
      at++
    } else if (character === ':') {
      parts.push(indent > 0 ? ': ' : ':')
      at++
    } else {
      const end = pastToken(text, at)
      parts.push(text.slice(at, end))
      at = end
    }
    at = pastSpace(text, at)
  }
  return parts.join('')
}
