/** A place where bytes stop being JSON. `truncated`: they end where more was needed. */
export interface JsonFault {
  readonly at: number
  readonly truncated: boolean
  /** "got …, wanted …" */
  readonly reason: string
}

/** A well-formed value: the offset just past it, and how deep its lists and objects nest. */
export interface JsonSpan {
  readonly end: number
  readonly depth: number
}

const quote = 0x22
const comma = 0x2c
const colon = 0x3a
const backslash = 0x5c
const openList = 0x5b
const closeList = 0x5d
const openObject = 0x7b
const closeObject = 0x7d

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39
const isHex = (byte: number): boolean => isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66)

/** The offset of the first byte at or after `at` that is not JSON white space. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  while (isSpace(bytes[at])) at++
  return at
}

/** The fault of having met the byte at `at` (or the end) where `wanted` was needed. */
export function faultAt(bytes: Uint8Array, at: number, wanted: string): JsonFault {
  const byte = bytes[at]
  if (byte === undefined) return { at, truncated: true, reason: `got the end of the text, wanted ${wanted}` }
  const printable = byte > 0x20 && byte < 0x7f
  const got = printable ? `'${String.fromCharCode(byte)}'` : `byte 0x${byte.toString(16).padStart(2, '0')}`
  return { at, truncated: false, reason: `got ${got}, wanted ${wanted}` }
}

/** The offset past the string whose opening quote is at `at`. */
export function scanString(bytes: Uint8Array, at: number): number | JsonFault {
  for (let i = at + 1; ; i++) {
    const byte = bytes[i]
    if (byte === undefined) return faultAt(bytes, i, 'a closing quote')
    if (byte === quote) return i + 1
    if (byte < 0x20) return faultAt(bytes, i, 'an escape such as \\n inside the text')
    if (byte !== backslash) continue
    const escaped = bytes[++i]
    if (escaped === 0x75) {
      for (let k = 0; k < 4; k++) {
        const digit = bytes[++i]
        if (digit === undefined || !isHex(digit)) return faultAt(bytes, i, 'a hexadecimal digit')
      }
    } else if (escaped === undefined || !'"\\/bfnrt'.includes(String.fromCharCode(escaped))) {
      return faultAt(bytes, i, 'one of "\\/bfnrtu after the backslash')
    }
  }
}

function scanNumber(bytes: Uint8Array, at: number): number | JsonFault {
  const digits = (from: number): number | JsonFault => {
    if (!isDigit(bytes[from])) return faultAt(bytes, from, 'a digit')
    while (isDigit(bytes[from])) from++
    return from
  }
  const first = bytes[at] === 0x2d ? at + 1 : at
  let end = bytes[first] === 0x30 ? first + 1 : digits(first)
  if (typeof end === 'number' && bytes[end] === 0x2e) end = digits(end + 1)
  if (typeof end === 'number' && (bytes[end] === 0x65 || bytes[end] === 0x45)) {
    const sign = bytes[end + 1]
    end = digits(sign === 0x2b || sign === 0x2d ? end + 2 : end + 1)
  }
  return end
}

function scanScalar(bytes: Uint8Array, at: number, wanted: string): number | JsonFault {
  const byte = bytes[at]
  if (byte === quote) return scanString(bytes, at)
  if (byte === 0x2d || isDigit(byte)) return scanNumber(bytes, at)
  const word = byte === 0x74 ? 'true' : byte === 0x66 ? 'false' : byte === 0x6e ? 'null' : ''
  if (word === '') return faultAt(bytes, at, wanted)
  for (let i = 1; i < word.length; i++) {
    if (bytes[at + i] !== word.charCodeAt(i)) return faultAt(bytes, at + i, `the word ${word}`)
  }
  return at + word.length
}

type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma or end'

const wanted: Readonly<Record<Expected, string>> = {
  value: 'a value',
  'value or ]': 'a value or ]',
  key: 'a field name in double quotes',
  'key or }': 'a field name in double quotes or }',
  colon: 'a colon',
  'comma or end': 'a comma',
}

/**
 * Checks one JSON value (RFC 8259) that begins at or after `from`. What passes, `JSON.parse` accepts, apart from
 * the encoding, which is not looked at. No recursion: nesting costs heap, never stack.
 */
export function scanJson(bytes: Uint8Array, from = 0): JsonSpan | JsonFault {
  const closers: number[] = []
  let expected: Expected = 'value'
  let depth = 0
  let at = from
  for (;;) {
    at = skipSpace(bytes, at)
    const byte = bytes[at]
    const closer = closers.at(-1)
    if (expected === 'colon') {
      if (byte !== colon) return faultAt(bytes, at, wanted.colon)
      expected = 'value'
      at++
      continue
    }
    if (expected === 'key' || (expected === 'key or }' && byte !== closeObject)) {
      if (byte !== quote) return faultAt(bytes, at, wanted[expected])
      const end = scanString(bytes, at)
      if (typeof end !== 'number') return end
      at = end
      expected = 'colon'
      continue
    }
    if (byte !== undefined && byte === closer && expected !== 'value') {
      closers.pop()
      at++
    } else if (expected === 'comma or end') {
      if (byte !== comma) return faultAt(bytes, at, `a comma or ${String.fromCharCode(closer!)}`)
      expected = closer === closeObject ? 'key' : 'value'
      at++
      continue
    } else if (byte === openList || byte === openObject) {
      closers.push(byte === openList ? closeList : closeObject)
      depth = Math.max(depth, closers.length)
      expected = byte === openList ? 'value or ]' : 'key or }'
      at++
      continue
    } else {
      const end = scanScalar(bytes, at, wanted[expected])
      if (typeof end !== 'number') return end
      at = end
    }
    if (closers.length === 0) return { end: at, depth }
    expected = 'comma or end'
  }
}
