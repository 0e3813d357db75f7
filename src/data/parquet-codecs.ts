import { decompress as decompressZstd } from 'fzstd'
import { type Compressors, snappyUncompress } from 'hyparquet'
import { decompressBrotli } from 'hyparquet-compressors/src/brotli.js'
import { gunzip } from 'hyparquet-compressors/src/gzip.js'
import { decompressLz4, decompressLz4Raw } from 'hyparquet-compressors/src/lz4.js'
import { ThriftReader } from './thrift'

/** @throws {RangeError} unless the elements of a Snappy block add up to `length` bytes and end where it ends */
function checkSnappy(input: Uint8Array, length: number): void {
  const reader = new ThriftReader(input)
  if (reader.length() !== length) throw new RangeError('has a Snappy block of another length')
  let total = 0
  while (reader.at < input.length && total <= length) {
    const tag = reader.byte()
    const kind = tag & 3
    if (kind > 0) {
      total += kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1
      reader.take(kind === 3 ? 4 : kind)
      continue
    }
    const size = tag >> 2
    let literal = size < 60 ? size : 0
    // Not shifted: the fourth byte's highest bit would make the length negative.
    if (size >= 60) for (const [i, byte] of reader.take(size - 59).entries()) literal += byte * 256 ** i
    total += literal + 1
    reader.take(literal + 1)
  }
  if (total !== length) throw new RangeError('has a Snappy block that breaks off')
}

function snappy(input: Uint8Array, length: number): Uint8Array {
  checkSnappy(input, length)
  const output = new Uint8Array(length)
  snappyUncompress(input, output)
  return output
}

/**
 * What unpacks Parquet pages. No codec is WebAssembly: a page whose policy forbids it (`script-src 'self'`) could not
 * load it. Hence single modules of hyparquet-compressors, whose index starts a WebAssembly Snappy when it is imported.
 */
export const parquetCodecs: Compressors = {
  SNAPPY: snappy,
  GZIP: (input, length) => gunzip(input, new Uint8Array(length)),
  BROTLI: decompressBrotli,
  ZSTD: (input, length) => decompressZstd(input, new Uint8Array(length)),
  LZ4: decompressLz4,
  LZ4_RAW: decompressLz4Raw,
}
