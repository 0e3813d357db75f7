import { DataError } from './data-error'
import { faultAt, type JsonFault, scanJson, scanString, skipSpace } from './json-scanner'
import { decodeUtf8, invalidUtf8At } from './utf-8'

/** One element of a document's list of rows: bytes [from, to), and how deep it nests. */
export interface Element {
  readonly from: number
  readonly to: number
  readonly depth: number
}

export interface DocumentRows {
  readonly elements: readonly Element[]
  /** The document is itself one row. */
  readonly isRecord: boolean
}

const openList = 0x5b
const closeList = 0x5d
const openObject = 0x7b
const closeObject = 0x7d
const comma = 0x2c
const colon = 0x3a

/** A fault, with the complete elements of the list that it lies in (none when outside a list). */
class Broken extends Error {
  constructor(
    readonly fault: JsonFault,
    readonly before: readonly Element[] | undefined,
  ) {
    super(fault.reason)
  }
}

function scanList(bytes: Uint8Array, open: number): { elements: Element[]; end: number } {
  const elements: Element[] = []
  let at = skipSpace(bytes, open + 1)
  if (bytes[at] === closeList) return { elements, end: at + 1 }
  for (;;) {
    const from = skipSpace(bytes, at)
    const span = scanJson(bytes, from)
    if ('reason' in span) throw new Broken(span, elements)
    elements.push({ from, to: span.end, depth: span.depth })
    at = skipSpace(bytes, span.end)
    if (bytes[at] === closeList) return { elements, end: at + 1 }
    if (bytes[at] !== comma) throw new Broken(faultAt(bytes, at, 'a comma or ]'), elements)
    at++
  }
}

interface Wrapper {
  readonly names: ReadonlySet<string>
  /** Names that stand there more than once. */
  readonly repeated: ReadonlySet<string>
  readonly lists: ReadonlyMap<string, Element[]>
  readonly whole: Element
  readonly end: number
}

function scanWrapper(bytes: Uint8Array, open: number): Wrapper {
  const names = new Set<string>()
  const repeated = new Set<string>()
  const lists = new Map<string, Element[]>()
  let depth = 1
  let at = skipSpace(bytes, open + 1)
  const need = (byte: number, wanted: string): void => {
    at = skipSpace(bytes, at)
    if (bytes[at] !== byte) throw new Broken(faultAt(bytes, at, wanted), undefined)
  }
  while (bytes[at] !== closeObject || names.size > 0) {
    need(0x22, names.size > 0 ? 'a field name in double quotes' : 'a field name in double quotes or }')
    const end = scanString(bytes, at)
    if (typeof end !== 'number') throw new Broken(end, undefined)
    const text = decodeUtf8(bytes.subarray(at, end))
    const name = text === undefined ? '�' : String(JSON.parse(text))
    if (names.has(name)) repeated.add(name)
    names.add(name)
    at = end
    need(colon, 'a colon')
    at = skipSpace(bytes, at + 1)
    if (bytes[at] === openList) {
      const list = scanList(bytes, at)
      lists.set(name, list.elements)
      for (const element of list.elements) depth = Math.max(depth, element.depth + 2)
      at = list.end
    } else {
      const span = scanJson(bytes, at)
      if ('reason' in span) throw new Broken(span, undefined)
      depth = Math.max(depth, span.depth + 1)
      at = span.end
    }
    at = skipSpace(bytes, at)
    if (bytes[at] === closeObject) break
    need(comma, 'a comma or }')
    at = skipSpace(bytes, at + 1)
  }
  return { names, repeated, lists, whole: { from: open, to: at + 1, depth }, end: at + 1 }
}

function lineOf(bytes: Uint8Array, offset: number): number {
  let line = 1
  for (let at = bytes.indexOf(0x0a); at !== -1 && at < offset; at = bytes.indexOf(0x0a, at + 1)) line++
  return line
}

const rows = (n: number): string => (n === 1 ? '1 complete row' : `${n} complete rows`)

function explain(bytes: Uint8Array, { fault, before }: Broken): string {
  const place = `line ${lineOf(bytes, fault.at)}, byte ${fault.at}`
  const row = before ? `in row ${before.length + 1} (${place})` : `at ${place}`
  const last = before?.at(-1)
  const count = before ? ` after ${rows(before.length)}` : ''
  if (!fault.truncated)
    return `is not JSON: ${row}${count}: ${fault.reason}. Correct that place, or export the file again`
  const rescue = last ? `, or keep what is whole: cut it after byte ${last.to} and close the list with ]` : ''
  return `breaks off ${row}${count}: ${fault.reason}. Export or copy the file again${rescue}`
}

/**
 * The rows of one JSON document: the elements of its list, of the only list that its object holds, or the object
 * itself when it has one of `recordKeys`. `from` is where the text begins, past a byte order mark.
 *
 * @throws {DataError} when it is not UTF-8, not JSON, cut off, has no list of rows, or names a list twice
 */
export function documentRows(bytes: Uint8Array, from: number, recordKeys: readonly string[]): DocumentRows {
  const open = skipSpace(bytes, from)
  const isList = bytes[open] === openList
  if (!isList && bytes[open] !== openObject)
    throw new DataError(`is not JSON: ${faultAt(bytes, open, '[ or {').reason}`)
  try {
    const list = isList ? scanList(bytes, open) : undefined
    const wrapper = isList ? undefined : scanWrapper(bytes, open)
    const end = skipSpace(bytes, (list ?? wrapper)!.end)
    if (end < bytes.length) throw new Broken(faultAt(bytes, end, 'the end of the file'), undefined)
    checkUtf8(bytes, from, undefined)
    return list ? { elements: list.elements, isRecord: false } : unwrap(wrapper!, recordKeys)
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    checkUtf8(bytes, from, error.fault)
    throw new DataError(explain(bytes, error))
  }
}

/** A character that the end of the file cuts in two counts as a file that breaks off, not as a wrong encoding. */
function checkUtf8(bytes: Uint8Array, from: number, fault: JsonFault | undefined): void {
  const at = from + invalidUtf8At(bytes.subarray(from, fault?.at))
  if (at < from || (fault?.truncated && at > bytes.length - 4)) return
  throw new DataError(
    `is not UTF-8: the byte 0x${bytes[at]!.toString(16)} at offset ${at} (line ${lineOf(bytes, at)}) fits no character. ` +
      'Save the file again with the encoding UTF-8',
  )
}

function unwrap(wrapper: Wrapper, recordKeys: readonly string[]): DocumentRows {
  if (recordKeys.some(key => wrapper.names.has(key))) return { elements: [wrapper.whole], isRecord: true }
  for (const name of wrapper.lists.keys())
    if (wrapper.repeated.has(name))
      throw new DataError(
        `is an object with two fields named ${JSON.stringify(name)}: join their lists into one`,
      )
  const [only] = wrapper.lists.values()
  if (wrapper.lists.size === 1 && only) return { elements: only, isRecord: false }
  const found = [...(wrapper.lists.size > 1 ? wrapper.lists.keys() : wrapper.names)].slice(0, 8)
  const named = found.map(name => JSON.stringify(name)).join(', ')
  throw new DataError(
    wrapper.lists.size > 1
      ? `is an object with ${wrapper.lists.size} lists (${named}): save the list that holds the rows as a file of its own`
      : `is an object without a list of rows${found.length > 0 ? ` (its fields: ${named})` : ''}; wanted a list, or one object a line`,
  )
}
