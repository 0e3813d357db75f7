import { type Chunk, joinBytes } from './content'
import type { Line } from './json-lines'

/** One record of a CSV file without its line end; `bytes` is its beginning only when `tooLong`. */
export interface CsvRecord extends Line {
  /** Offset just past its line end in the text. */
  readonly next: number
  /** A quote that it opened is not closed at the end of the file. */
  readonly open: boolean
}

const newline = 0x0a
const carriageReturn = 0x0d
const quote = 0x22
const byteOrderMark = [0xef, 0xbb, 0xbf]

// Where a byte of a record stands. A quote begins a quoted field only at the field's beginning (RFC 4180).
const fieldStart = 0
const plain = 1
const quoted = 2
/** Behind a quote within a quoted field: the field's end, or the first half of an escaped quote. */
const afterQuote = 3

/**
 * The records of a CSV text, streamed: no more than one record and one chunk is held at a time. Line ends within quotes
 * belong to their field. A byte order mark stays in the first record, but is no part of its first field. A record over `limit` bytes is passed over and comes out `tooLong` with its first 400 bytes.
 * `delimiter` is a byte.
 */
export async function* readCsvRecords(
  chunks: AsyncIterable<Chunk>,
  delimiter: number,
  limit: number,
): AsyncGenerator<CsvRecord, void, undefined> {
  let state: number = fieldStart
  let pieces: Uint8Array[] = []
  let length = 0
  let line = 1
  let lines = 0
  let start = 0
  let tooLong = false
  let fileEnd = 0
  let marked = 0

  const append = (piece: Uint8Array): void => {
    length += piece.length
    if (tooLong || piece.length === 0) return
    pieces.push(piece)
    if (length > limit) {
      tooLong = true
      pieces = [joinBytes(pieces, length).slice(0, 400)]
    }
  }
  const finish = (lineEnd: number): CsvRecord => {
    const whole = joinBytes(pieces, length)
    const bytes = whole.at(-1) === carriageReturn && !tooLong ? whole.subarray(0, -1) : whole
    const next = start + length + lineEnd
    const record = { number: line, at: start, bytes, tooLong, end: fileEnd, next, open: state === quoted }
    line += lines
    lines = 0
    start = next
    pieces = []
    length = 0
    tooLong = false
    state = fieldStart
    return record
  }

  for await (const { bytes: chunk, end } of chunks) {
    fileEnd = end
    let from = 0
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!
      if (marked < byteOrderMark.length) {
        if (byte === byteOrderMark[marked++]) continue
        marked = byteOrderMark.length
      }
      if (byte === newline) {
        lines++
        if (state === quoted) continue
        append(chunk.subarray(from, at))
        from = at + 1
        yield finish(1)
      } else if (state === quoted) {
        if (byte === quote) state = afterQuote
      } else if (byte === delimiter) {
        state = fieldStart
      } else if (byte === quote) {
        if (state !== plain) state = quoted
      } else if (byte !== 0x20 || state !== afterQuote) {
        // Spaces between a closing quote and the delimiter are passed over, as Papa Parse does.
        state = plain
      }
    }
    append(chunk.subarray(from))
  }
  if (length > 0) yield finish(0)
}
