import { parquetCodecs } from './parquet-codecs'
import { readHybrid, skipDeltas } from './parquet-encodings'
import { ThriftReader, type ThriftStruct } from './thrift'

/** What a file's footer says of one column of one row group. */
export interface ColumnFacts {
  readonly codec: string
  readonly isBoolean: boolean
  /** Lists around a value. */
  readonly maxRepetition: number
  /** Places at which a value can be missing. */
  readonly maxDefinition: number
  readonly values: number
  readonly rows: number
  /** How many bytes its pages may unpack to. */
  readonly maxBytes: number
}

/** Pages that unpack to more are refused. */
const maxPageBytes = 2 ** 28

interface Page {
  readonly values: number
  readonly encoding: number
  /** Repetition levels that are 0: rows that begin. */
  readonly rows: number
  readonly present: number
  readonly data: Uint8Array
}

const numberIn = (fields: ThriftStruct, id: number): number => {
  const value = fields.get(id)
  if (typeof value !== 'number' || value < 0) throw new RangeError('has a page header with a field missing')
  return value
}

const structIn = (fields: ThriftStruct, id: number): ThriftStruct => {
  const value = fields.get(id)
  if (!(value instanceof Map)) throw new RangeError('has a page header with a field missing')
  return value
}

function unpack(bytes: Uint8Array, length: number, codec: string): Uint8Array {
  if (length > maxPageBytes) throw new RangeError(`has a page of ${length} bytes`)
  const unpacker = parquetCodecs[codec as keyof typeof parquetCodecs]
  if (codec !== 'UNCOMPRESSED' && !unpacker)
    throw new RangeError(`is packed with ${codec}, which is not read`)
  const page = codec === 'UNCOMPRESSED' ? bytes : unpacker!(bytes, length)
  if (page.length !== length) throw new RangeError(`has a page of ${page.length} bytes, not ${length}`)
  return page
}

const widthOf = (max: number): number => 32 - Math.clz32(max)

/** How many of a column's levels are `value`. @throws {RangeError} when one is over `max` */
function countLevels(reader: ThriftReader, max: number, count: number, value: number): number {
  let found = 0
  for (const level of readHybrid(reader, widthOf(max), count)) {
    if (level > max) throw new RangeError(`has a level of ${level} where ${max} is the highest`)
    if (level === value) found++
  }
  return found
}

/** Version 1: levels are packed with the values, each behind its length in four bytes. */
function firstVersion(header: ThriftStruct, body: Uint8Array, column: ColumnFacts): Page {
  const fields = structIn(header, 5)
  const values = valuesIn(fields, column)
  const reader = new ThriftReader(unpack(body, numberIn(header, 2), column.codec))
  const levels = (max: number, encodingField: number, value: number): number => {
    if (max === 0) return values
    if (numberIn(fields, encodingField) !== 3) throw new RangeError('has levels in an old encoding')
    const [a, b, c, d] = reader.take(4)
    return countLevels(
      new ThriftReader(reader.take(a! + b! * 2 ** 8 + c! * 2 ** 16 + d! * 2 ** 24)),
      max,
      values,
      value,
    )
  }
  const rows = levels(column.maxRepetition, 4, 0)
  const present = levels(column.maxDefinition, 3, column.maxDefinition)
  return { values, encoding: numberIn(fields, 2), rows, present, data: reader.bytes.subarray(reader.at) }
}

/** Version 2: levels come before the packed values, and the header tells their lengths. */
function secondVersion(header: ThriftStruct, body: Uint8Array, column: ColumnFacts): Page {
  const fields = structIn(header, 8)
  const values = valuesIn(fields, column)
  const reader = new ThriftReader(body)
  const [repetition, definition] = [reader.take(numberIn(fields, 6)), reader.take(numberIn(fields, 5))]
  const count = (bytes: Uint8Array, max: number, value: number): number =>
    max === 0 ? values : countLevels(new ThriftReader(bytes), max, values, value)
  const rows = count(repetition, column.maxRepetition, 0)
  const present = count(definition, column.maxDefinition, column.maxDefinition)
  if (values - present !== numberIn(fields, 2) || rows !== numberIn(fields, 3))
    throw new RangeError('has a page whose header counts otherwise than its levels')
  const packed = reader.take(body.length - reader.at)
  const length = numberIn(header, 2) - repetition.length - definition.length
  const data = fields.get(7) === false ? packed : unpack(packed, length, column.codec)
  return { values, encoding: numberIn(fields, 4), rows, present, data }
}

function valuesIn(fields: ThriftStruct, column: ColumnFacts): number {
  const values = numberIn(fields, 1)
  if (values > column.values)
    throw new RangeError(`has ${values} values where the footer says ${column.values}`)
  return values
}

function checkValues({ data, encoding, present }: Page, column: ColumnFacts, dictionary: number): void {
  const reader = new ThriftReader(data)
  if (encoding === 2 || encoding === 8) {
    const width = present > 0 || data.length > 0 ? reader.byte() : 0
    for (const index of readHybrid(reader, width, width === 0 ? 0 : present))
      if (index >= dictionary) throw new RangeError(`has value ${index} of a dictionary of ${dictionary}`)
    if (width === 0 && present > 0 && dictionary === 0) throw new RangeError('has no dictionary')
  } else if (encoding === 3 && column.isBoolean) {
    reader.take(4)
    readHybrid(reader, 1, present)
  } else if (encoding >= 5 && encoding <= 7) {
    if (present > 0) skipDeltas(reader, present)
    if (present > 0 && encoding === 7) skipDeltas(reader, present)
  } else if (encoding !== 0 && encoding !== 9) {
    throw new RangeError(`has the encoding ${encoding}, which is not read`)
  } else if (present > 8 * data.length) {
    throw new RangeError(`has ${present} values in ${data.length} bytes`)
  }
}

/**
 * Walks over the pages of one column of one row group, so that what reads them afterwards meets no length, level or
 * index that is not so: such a reader would return other rows, or ask for more memory than there is.
 *
 * @returns how many bytes the pages unpack to
 * @throws {RangeError} saying what is wrong
 */
export function checkPages(bytes: Uint8Array, column: ColumnFacts): number {
  const reader = new ThriftReader(bytes)
  let unpacked = 0
  let values = 0
  let rows = 0
  let dictionary = 0
  while (reader.at < bytes.length - 1) {
    const header = reader.struct()
    const body = reader.take(numberIn(header, 3))
    // Before the page is unpacked: a header may promise far more than there is memory for.
    unpacked += numberIn(header, 2)
    if (unpacked > column.maxBytes) throw new RangeError('unpacks to more than the 1 GB of a row group')
    const type = header.get(1)
    if (type === 2) {
      dictionary = numberIn(structIn(header, 7), 1)
      if (dictionary > 8 * unpack(body, numberIn(header, 2), column.codec).length)
        throw new RangeError(`has a dictionary of ${dictionary} values in too few bytes`)
      continue
    }
    if (type !== 0 && type !== 3) throw new RangeError(`has a page of the unknown type ${String(type)}`)
    const page = type === 0 ? firstVersion(header, body, column) : secondVersion(header, body, column)
    checkValues(page, column, dictionary)
    values += page.values
    rows += page.rows
  }
  if (values !== column.values)
    throw new RangeError(`has ${values} values where the footer says ${column.values}`)
  if (rows !== column.rows) throw new RangeError(`has ${rows} rows where the footer says ${column.rows}`)
  return unpacked
}
