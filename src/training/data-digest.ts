import { sha256Of } from '../io/content-hash'

/** Bytes that are digested at a time; the digest of all is that of their digests. */
const PIECE_BYTES = 2 ** 20

/**
 * SHA-256 of examples as they are trained on: all their fields, and so their tokens, masks and places in the file.
 * Equal examples in the same order have equal digests, and others have not. In hexadecimal.
 *
 * @throws {TypeError} for a field that is no data: a function, a symbol, or an object of a class of its own
 */
export async function dataDigest(examples: Iterable<unknown>): Promise<string> {
  const digests: string[] = []
  let parts: Uint8Array[] = []
  let bytes = 0
  const digest = async () => {
    digests.push(await sha256Of(joined(parts, bytes)))
    parts = []
    bytes = 0
  }
  for (const example of examples) {
    for (const part of serialized(example)) {
      parts.push(part)
      bytes += part.length
    }
    if (bytes >= PIECE_BYTES) await digest()
  }
  if (bytes > 0) await digest()
  return sha256Of(encoder.encode(digests.join('')))
}

const encoder = new TextEncoder()

/** Each value begins with its kind and length, so that no two values give the same bytes. */
function* serialized(value: unknown): Generator<Uint8Array> {
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    yield encoder.encode(`${value.constructor.name} ${value.byteLength}:`)
    yield new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  } else if (Array.isArray(value)) {
    yield encoder.encode(`list ${value.length}:`)
    for (const item of value) yield* serialized(item)
  } else if (isPlain(value)) {
    const names = Object.keys(value)
      .filter(name => value[name] !== undefined)
      .sort()
    yield encoder.encode(`fields ${names.length}:`)
    for (const name of names) {
      yield* serialized(name)
      yield* serialized(value[name])
    }
  } else if (typeof value === 'string') {
    // Half of a surrogate pair has no UTF-8; JSON escapes it.
    const text = encoder.encode(JSON.stringify(value))
    yield encoder.encode(`text ${text.length}:`)
    yield text
  } else if (value === null || ['number', 'boolean', 'bigint', 'undefined'].includes(typeof value)) {
    yield encoder.encode(`${typeof value} ${Object.is(value, -0) ? '-0' : String(value)};`)
  } else throw new TypeError(`${String(value)} is no data, so it has no digest`)
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(bytes)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
