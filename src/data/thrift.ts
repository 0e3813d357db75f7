/**
 * A value of Thrift's compact protocol. Structs are maps from field number to value.
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
export type ThriftValue = number | bigint | boolean | Uint8Array | readonly ThriftValue[] | ThriftStruct
export type ThriftStruct = ReadonlyMap<number, ThriftValue>

/** Structs and lists in each other; a Parquet page header has three. */
const maxDepth = 16

/** Reads bytes from a place on and never past their end. @throws {RangeError} past it, or for numbers of more than 64 bits */
export class ThriftReader {
  constructor(
    readonly bytes: Uint8Array,
    public at = 0,
  ) {}

  byte(): number {
    const byte = this.bytes[this.at++]
    if (byte === undefined) throw new RangeError('breaks off within a header')
    return byte
  }

  varint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw new RangeError('has a number of more than 64 bits')
  }

  /** A count or length. @throws {RangeError} unless it fits an array's length */
  length(): number {
    const value = this.varint()
    if (value > 0x7fffffffn) throw new RangeError(`has a length of ${value}`)
    return Number(value)
  }

  zigzag(): bigint {
    const value = this.varint()
    return (value >> 1n) ^ -(value & 1n)
  }

  take(length: number): Uint8Array {
    if (length < 0 || length > this.bytes.length - this.at)
      throw new RangeError(`has ${length} bytes where ${this.bytes.length - this.at} are left`)
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }

  struct(depth = 0): ThriftStruct {
    const fields = new Map<number, ThriftValue>()
    for (let id = 0; ; ) {
      const head = this.byte()
      const type = head & 0x0f
      if (type === 0) return fields
      id = head >> 4 > 0 ? id + (head >> 4) : Number(this.zigzag())
      fields.set(id, type === 1 ? true : type === 2 ? false : this.#value(type, depth))
    }
  }

  #value(type: number, depth: number): ThriftValue {
    if (depth > maxDepth) throw new RangeError(`nests deeper than ${maxDepth}`)
    if (type === 1 || type === 2) return this.byte() === 1
    if (type === 3) return this.byte()
    if (type === 4 || type === 5) return Number(this.zigzag())
    if (type === 6) return this.zigzag()
    if (type === 7) return this.take(8)
    if (type === 8) return this.take(this.length())
    if (type === 12) return this.struct(depth + 1)
    if (type !== 9 && type !== 10) throw new RangeError(`has a field of the unknown type ${type}`)
    const head = this.byte()
    const length = head >> 4 === 15 ? this.length() : head >> 4
    const values: ThriftValue[] = []
    for (let i = 0; i < length; i++) values.push(this.#value(head & 0x0f, depth + 1))
    return values
  }
}
