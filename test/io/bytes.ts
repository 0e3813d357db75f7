import type { ByteSource } from '../../src/io/byte-source'
import { blobSource } from '../../src/io/byte-source'

export const sourceOf = (bytes: Uint8Array<ArrayBuffer>): ByteSource =>
  blobSource(new Blob([bytes]), 'memory')

export const fromBase64 = (text: string) => Uint8Array.from(atob(text), char => char.charCodeAt(0))

/** The bits of each value: unlike values, they tell −0 from 0 and one NaN from another. */
export const bitsOf = (values: Float32Array) =>
  Array.from(new Int32Array(values.buffer, values.byteOffset, values.length))

/** A file of the safetensors layout around any header, correct or not. */
export function layout(
  header: string | Uint8Array,
  dataSize: number,
  headerSize?: bigint,
): Uint8Array<ArrayBuffer> {
  const json = typeof header === 'string' ? new TextEncoder().encode(header) : header
  const file = new Uint8Array(8 + json.length + dataSize)
  new DataView(file.buffer).setBigUint64(0, headerSize ?? BigInt(json.length), true)
  file.set(json, 8)
  return file
}
