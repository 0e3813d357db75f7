/** What Python's `str.strip` takes away: not quite what JavaScript's `trim` does. */
const space = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]'
const atStart = new RegExp(`^${space}+`)

/** A text without white space at its beginning and end, as Python's `strip`. */
export const stripped = (text: string): string => withoutTrailing(text.replace(atStart, ''))

/** A text without white space at its end, as Python's `rstrip`. */
export function withoutTrailing(text: string): string {
  let end = text.length
  while (end > 0 && isSpace.test(text[end - 1]!)) end--
  return text.slice(0, end)
}

const isSpace = new RegExp(`^${space}$`)
