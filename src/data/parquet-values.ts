import type { ParquetParsers } from 'hyparquet/src/types.js'
import { Unreadable } from './data-error'
import { maxDepth } from './entry'
import { scanJson } from './json-scanner'
import { decodeUtf8, notUtf8 } from './utf-8'

/** A cell that has no JSON. */
class Damaged {
  constructor(readonly reason: string) {}
}

/** A value whose JSON is known, and how deep it nests. */
export class JsonText {
  constructor(
    readonly text: string,
    readonly depth: number,
  ) {}
}

const text = (bytes: Uint8Array | undefined): unknown =>
  bytes && (decodeUtf8(bytes) ?? new Damaged(notUtf8(bytes)))

function jsonText(bytes: Uint8Array | undefined): unknown {
  if (!bytes) return bytes
  const span = scanJson(bytes)
  if ('end' in span && span.end === bytes.length) {
    const decoded = decodeUtf8(bytes)
    return decoded === undefined ? new Damaged(notUtf8(bytes)) : new JsonText(decoded, span.depth)
  }
  return new Damaged('has a field of JSON that is not JSON')
}

/** ISO 8601 in UTC with three digits behind the second, or as many as the unit has where more are needed. */
function time(ticks: bigint, digits: 3 | 6 | 9): unknown {
  const perSecond = 10n ** BigInt(digits)
  const fraction = ((ticks % perSecond) + perSecond) % perSecond
  const date = new Date(Number((ticks - fraction) / perSecond) * 1000)
  if (Number.isNaN(date.getTime())) return new Damaged(`has a time that no calendar holds: ${ticks}`)
  const decimals = fraction.toString().padStart(digits, '0')
  return `${date.toISOString().slice(0, -5)}.${decimals.replace(/(?<=^...)0+$/, '')}Z`
}

function day(days: number): unknown {
  const date = new Date(days * 86_400_000)
  if (Number.isNaN(date.getTime())) return new Damaged(`has a day that no calendar holds: ${days}`)
  return date.toISOString().slice(0, -14)
}

const geometry = (): unknown => new Damaged('has geographic data, which is not read')

/** Values as JSON can hold them: times and days as ISO 8601. */
export const jsonParsers: Partial<ParquetParsers> = {
  timestampFromMilliseconds: millis => time(BigInt(millis), 3),
  timestampFromMicroseconds: micros => time(BigInt(micros), 6),
  timestampFromNanoseconds: nanos => time(BigInt(nanos), 9),
  dateFromDays: day,
  stringFromBytes: text,
  jsonFromBytes: jsonText,
  geometryFromBytes: geometry,
  geographyFromBytes: geometry,
}

function base64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

/**
 * A Parquet value as JSON text. Integers keep all their digits; NaN and infinities are null, as is what is missing; bytes
 * are text where they are UTF-8 and base64 otherwise; a map is an object. `depth`: of the lists and objects around it.
 *
 * @throws {Unreadable} for a value that has none, or that nests too deep
 */
export function valueToJson(value: unknown, depth = 0): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object') return JSON.stringify(value)
  if (value instanceof Damaged) throw new Unreadable(value.reason)
  if (value instanceof Uint8Array) return JSON.stringify(decodeUtf8(value) ?? base64(value))
  const inner = depth + (value instanceof JsonText ? value.depth : 1)
  if (inner > maxDepth) throw new Unreadable(`nests lists and objects deeper than ${maxDepth}`)
  if (value instanceof JsonText) return value.text
  if (Array.isArray(value)) return `[${value.map(one => valueToJson(one, inner)).join(',')}]`
  if (ArrayBuffer.isView(value)) return valueToJson(Array.from(value as Float64Array), depth)
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}:${valueToJson(member, inner)}`,
  )
  return `{${members.join(',')}}`
}
