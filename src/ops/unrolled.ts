/**
 * WGSL whose loops `for (var NAME = 0u; NAME < END; NAME++) { … }` are written out: END counts blocks, each with a
 * constant NAME. A compiler that does not do so itself, as SwiftShader's, reads and writes an array lane by lane where it
 * is indexed by a variable. The loops must not `break` or `continue`, and no comment in them may have a brace.
 *
 * @param ends how often the loops to each END go round; loops to others stay
 * @throws {RangeError} if there is no loop to one of the ends
 */
export function unrolled(code: string, ends: Readonly<Record<string, number>>): string {
  const met = new Set<string>()
  const head = /for \(var (\w+) = 0u; \1 < (\w+); \1\+\+\) \{/g
  for (let match = head.exec(code); match; match = head.exec(code)) {
    const [{ length }, name, end = ''] = match
    const count = ends[end]
    if (count === undefined) continue
    met.add(end)
    const close = closing(code, match.index + length)
    const body = code.slice(match.index + length, close)
    const blocks = Array.from({ length: count }, (_, i) => `{\n  const ${name} = ${i}u;${body}}`)
    code = code.slice(0, match.index) + blocks.join('\n') + code.slice(close + 1)
    // What was written out may hold loops, too.
    head.lastIndex = match.index
  }
  for (const end of Object.keys(ends)) if (!met.has(end)) throw new RangeError(`no loop to ${end}`)
  return code
}

/** Where the brace is closed behind which `from` is. */
function closing(code: string, from: number): number {
  let depth = 1
  let at = from
  for (; depth > 0 && at < code.length; at++) depth += code[at] === '{' ? 1 : code[at] === '}' ? -1 : 0
  return at - 1
}
