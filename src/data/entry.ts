import { decodeUtf8, excerpt, notUtf8 } from './utf-8'

/** Where a row's text stands: bytes [from, to) of the unpacked text. */
export type Range = readonly [from: number, to: number]

interface Place {
  /** 0-based. */
  readonly index: number
  /** 1-based; 0 where a file has no lines. */
  readonly line: number
  /** How much of the file was read to get it, for progress. */
  readonly end: number
}

/** One place where a row was expected: its JSON, or why there is none. */
export type Entry =
  | (Place & { readonly text: string; readonly value: unknown; readonly range?: Range })
  | (Place & { readonly reason: string; readonly excerpt: string })

/** Rows over this many bytes are problems. */
export const maxRowBytes = 64 * 2 ** 20
/** Rows that nest lists and objects deeper are problems: `JSON.stringify` and `structuredClone` recurse. */
export const maxDepth = 256

export const tooLong = `is longer than ${maxRowBytes / 2 ** 20} MB`

/** An entry of one JSON value that `scanJson` has passed, `depth` deep. */
export function jsonEntry(place: Place, bytes: Uint8Array, depth: number, range: Range): Entry {
  const text = decodeUtf8(bytes)
  if (text === undefined) return { ...place, reason: notUtf8(bytes), excerpt: excerpt(bytes) }
  const reason =
    bytes.length > maxRowBytes
      ? tooLong
      : depth > maxDepth
        ? `nests lists and objects ${depth} deep; at most ${maxDepth} is read`
        : undefined
  if (reason !== undefined) return { ...place, reason, excerpt: excerpt(text) }
  return { ...place, text, value: JSON.parse(text) as unknown, range }
}
