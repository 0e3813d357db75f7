import type { ThriftReader } from './thrift'

/**
 * Reads `count` numbers of `width` bits in Parquet's hybrid of runs and bit-packing.
 * https://parquet.apache.org/docs/file-format/data-pages/encodings/
 *
 * @throws {RangeError} when runs hold more than `count` numbers or end too early
 */
export function readHybrid(reader: ThriftReader, width: number, count: number): Uint32Array {
  if (width > 32) throw new RangeError(`has numbers of ${width} bits`)
  const values = new Uint32Array(count)
  for (let seen = 0; seen < count; ) {
    const header = reader.length()
    if ((header & 1) === 0) {
      const run = header >>> 1
      if (run > count - seen)
        throw new RangeError(`has a run of ${run} where ${count - seen} values are left`)
      let value = 0
      for (const [i, byte] of reader.take((width + 7) >> 3).entries()) value |= byte << (8 * i)
      values.fill(value, seen, seen + run)
      seen += run
    } else {
      const groups = header >>> 1
      if (groups > (count - seen + 7) >> 3)
        throw new RangeError(`has ${8 * groups} values where ${count - seen} are left`)
      seen = unpack(reader.take(groups * width), width, values, seen)
    }
  }
  return values
}

function unpack(bytes: Uint8Array, width: number, values: Uint32Array, seen: number): number {
  const count = width === 0 ? 0 : (bytes.length * 8) / width
  const end = width === 0 ? values.length : Math.min(values.length, seen + count)
  for (let bit = 0; seen < end; seen++, bit += width) {
    let value = 0
    for (let i = 0; i < width; i++) value |= ((bytes[(bit + i) >> 3]! >> ((bit + i) & 7)) & 1) << i
    values[seen] = value
  }
  return end
}

/**
 * Walks over `count` numbers in Parquet's binary-packed deltas.
 *
 * @throws {RangeError} when blocks have impossible sizes, or end too early
 */
export function skipDeltas(reader: ThriftReader, count: number): void {
  const block = reader.length()
  const miniblocks = reader.length()
  const total = reader.length()
  reader.zigzag()
  const each = block / miniblocks
  if (block === 0 || block > 2 ** 20 || !Number.isInteger(each) || each % 8 !== 0)
    throw new RangeError(`has ${miniblocks} blocks of ${block} deltas`)
  if (total !== count) throw new RangeError(`has ${total} deltas where ${count} are wanted`)
  for (let left = count - 1; left > 0; ) {
    reader.zigzag()
    for (const width of reader.take(miniblocks)) {
      if (left <= 0) break
      if (width > 64) throw new RangeError(`has deltas of ${width} bits`)
      reader.take((each * width) / 8)
      left -= each
    }
  }
}
