import type { Chunk } from './content'
import type { Range } from './entry'

/** The bytes of ranges of a text, in the order they are asked for, found in one pass over it. */
export async function readRanges(
  chunks: AsyncIterable<Chunk>,
  ranges: readonly Range[],
): Promise<readonly Uint8Array[]> {
  const parts = ranges.map(([from, to]) => new Uint8Array(to - from))
  const order = ranges.map((_, i) => i).sort((a, b) => ranges[a]![0] - ranges[b]![0])
  let begin = 0
  let first = 0
  for await (const { bytes } of chunks) {
    const end = begin + bytes.length
    for (let k = first; k < order.length; k++) {
      const [from, to] = ranges[order[k]!]!
      if (from >= end) break
      if (to <= begin) continue
      const [cutFrom, cutTo] = [Math.max(from, begin), Math.min(to, end)]
      parts[order[k]!]!.set(bytes.subarray(cutFrom - begin, cutTo - begin), cutFrom - from)
    }
    // Ranges of records may share their line end, so each is passed once it ends, not once the next begins.
    while (first < order.length && ranges[order[first]!]![1] <= end) first++
    begin = end
    if (first === order.length) break
  }
  return parts
}
