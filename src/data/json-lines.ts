import { type Chunk, joinBytes } from './content'

/** One line without its end; `bytes` is its beginning only when `tooLong`. */
export interface Line {
  /** 1-based. */
  readonly number: number
  /** Offset of its first byte in the text. */
  readonly at: number
  readonly bytes: Uint8Array
  readonly tooLong: boolean
  /** How much of the file was read to get it. */
  readonly end: number
}

const newline = 0x0a
const carriageReturn = 0x0d

const isBlank = (bytes: Uint8Array): boolean =>
  bytes.every(byte => byte === 0x20 || byte === 0x09 || byte === carriageReturn)

/**
 * The lines of a text that are not blank, streamed: no more than one line and one chunk is held at a time. A line over
 * `limit` bytes is passed over and comes out `tooLong` with its first 400 bytes. Ends are \n or \r\n.
 */
export async function* readLines(
  chunks: AsyncIterable<Chunk>,
  limit: number,
): AsyncGenerator<Line, void, undefined> {
  let pieces: Uint8Array[] = []
  let length = 0
  let number = 1
  let start = 0
  let tooLong = false
  let fileEnd = 0

  const append = (piece: Uint8Array): void => {
    length += piece.length
    if (tooLong || piece.length === 0) return
    pieces.push(piece)
    if (length > limit) {
      tooLong = true
      pieces = [joinBytes(pieces, length).slice(0, 400)]
    }
  }
  const finish = (): Line => {
    const whole = joinBytes(pieces, length)
    const bytes = whole.at(-1) === carriageReturn && !tooLong ? whole.subarray(0, -1) : whole
    return { number, at: start, bytes, tooLong, end: fileEnd }
  }

  for await (const { bytes: chunk, end: read } of chunks) {
    fileEnd = read
    let from = 0
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, from)) {
      append(chunk.subarray(from, end))
      const line = finish()
      start += length + 1
      number++
      pieces = []
      length = 0
      tooLong = false
      from = end + 1
      if (line.tooLong || !isBlank(line.bytes)) yield line
    }
    append(chunk.subarray(from))
  }
  const last = finish()
  if (last.tooLong || !isBlank(last.bytes)) yield last
}
