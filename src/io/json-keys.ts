/**
 * The first key that occurs twice in one object of `json`, or null: `JSON.parse` silently keeps the last of them.
 * `json` must have passed `JSON.parse`, so that only strings, brackets and commas need a look.
 */
export function duplicateKey(json: string): string | null {
  // The keys seen in each open object; null for an open array.
  const open: (Set<string> | null)[] = []
  let isKey = false
  for (let i = 0; i < json.length; i++) {
    const mark = json[i]
    if (mark === '"') {
      const end = endOfString(json, i)
      if (isKey) {
        const keys = open.at(-1)
        const key: string = JSON.parse(json.slice(i, end + 1))
        if (keys?.has(key)) return key
        keys?.add(key)
      }
      isKey = false
      i = end
    } else if (mark === '}' || mark === ']') open.pop()
    else if (mark === '{' || mark === '[' || mark === ',') {
      if (mark !== ',') open.push(mark === '{' ? new Set() : null)
      // In an object; in an array, where there are no keys to compare with, it does not matter.
      isKey = true
    }
  }
  return null
}

/** The index of the quote that closes the string opened at `start`. */
function endOfString(json: string, start: number): number {
  let i = start + 1
  while (json[i] !== '"') i += json[i] === '\\' ? 2 : 1
  return i
}
