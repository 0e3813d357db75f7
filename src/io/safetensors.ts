import { type ByteSource, decodeText } from './byte-source'
import { bf16ToF32, f16ToF32 } from './half-floats'
import { duplicateKey } from './json-keys'

/** Bits of one element, for every type that the format knows. */
const bitsOf = {
  ...{ BOOL: 8, U8: 8, I8: 8, U16: 16, I16: 16, U32: 32, I32: 32, U64: 64, I64: 64 },
  ...{ F4: 4, F6_E2M3: 6, F6_E3M2: 6, F8_E4M3: 8, F8_E5M2: 8, F8_E8M0: 8, F8_E4M3FNUZ: 8, F8_E5M2FNUZ: 8 },
  ...{ F16: 16, BF16: 16, F32: 32, F64: 64, C64: 64 },
} as const

export type Dtype = keyof typeof bitsOf

export interface TensorEntry {
  readonly dtype: Dtype
  readonly shape: readonly number[]
  /** Bytes [begin, end) of the file. */
  readonly begin: number
  readonly end: number
}

export interface Safetensors {
  /** In the order of the header. */
  readonly tensors: ReadonlyMap<string, TensorEntry>
  readonly metadata: Readonly<Record<string, string>>
  /**
   * The values of an F32, F16 or BF16 tensor, exactly, in row-major order. Throws `SafetensorsError` for a name
   * that is not in the file and for any other type.
   */
  read(name: string): Promise<Float32Array<ArrayBuffer>>
  /**
   * Rows [begin, end) of the first axis, as `read` gives them; no other bytes of the file are asked for. Throws
   * `SafetensorsError` also for a tensor without axes and for rows that it does not have.
   */
  readRows(name: string, begin: number, end: number): Promise<Float32Array<ArrayBuffer>>
}

/** The values of a tensor, row-major. */
export interface TensorData {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** A file that breaks the safetensors format, or a tensor that it cannot hold or give. */
export class SafetensorsError extends Error {
  override name = 'SafetensorsError'
}

/** The limit of the official reader. */
const maxHeaderSize = 100_000_000

/**
 * Reads and checks the header; tensors are read when asked for. `name` is the file's, for messages. Throws
 * `SafetensorsError` for a file that the official reader would refuse too, and for a key that occurs twice.
 * Format: https://huggingface.co/docs/safetensors
 */
export async function openSafetensors(source: ByteSource, name = 'model.safetensors'): Promise<Safetensors> {
  const { header, dataBegin } = await readHeader(source, name)
  const tensors = new Map<string, TensorEntry>()
  const metadata: Record<string, string> = Object.create(null)
  for (const [key, value] of Object.entries(header)) {
    if (key === '__metadata__') Object.assign(metadata, parseMetadata(value, name))
    else tensors.set(key, parseEntry(value, dataBegin, `${name}: tensor '${key}'`))
  }
  checkTiling(tensors, dataBegin, source.size, name)
  const entryOf = (tensor: string) => {
    const entry = tensors.get(tensor)
    if (!entry) throw new SafetensorsError(`${name}: there is no tensor '${tensor}'`)
    return entry
  }
  return {
    tensors,
    metadata,
    async read(tensor) {
      const entry = entryOf(tensor)
      return readValues(source, entry, entry.begin, entry.end, `${name}: tensor '${tensor}'`)
    },
    async readRows(tensor, begin, end) {
      const entry = entryOf(tensor)
      const who = `${name}: tensor '${tensor}'`
      const rows = entry.shape[0]
      if (rows === undefined) throw new SafetensorsError(`${who} is a single value, it has no rows`)
      const inside = Number.isSafeInteger(begin) && Number.isSafeInteger(end) && 0 <= begin && begin <= end
      if (!inside || end > rows)
        throw new SafetensorsError(`${who}: rows ${begin} to ${end} were asked for, it has ${rows}`)
      // Whole for every type that can be read; a type that splits bytes between rows is refused there.
      const rowBytes = rows === 0 ? 0 : (entry.end - entry.begin) / rows
      return readValues(source, entry, entry.begin + begin * rowBytes, entry.begin + end * rowBytes, who)
    },
  }
}

/** The values of bytes [begin, end) of a tensor; `who` names file and tensor. */
async function readValues(
  source: ByteSource,
  { dtype }: TensorEntry,
  begin: number,
  end: number,
  who: string,
): Promise<Float32Array<ArrayBuffer>> {
  // Refused before the bytes are fetched.
  if (dtype !== 'F32' && dtype !== 'F16' && dtype !== 'BF16')
    throw new SafetensorsError(`${who} has type ${dtype}; F32, F16 and BF16 can be read, so convert the file`)
  const bytes = await source.read(begin, end)
  if (bytes.length !== end - begin)
    throw new SafetensorsError(`${who}: ${end - begin} bytes were asked for, the file gave ${bytes.length}`)
  // The format is little-endian, as is every machine with a browser; `bytes` starts its own buffer.
  if (dtype === 'F32') return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
  return dtype === 'F16' ? f16ToF32(halves) : bf16ToF32(halves)
}

/**
 * An F32 safetensors file. Tensors and metadata are sorted by name, and the data begins at a multiple of 8 bytes: the
 * same content gives the same bytes. Throws `SafetensorsError` for a name given twice or a shape that does not fit.
 */
export function writeSafetensors(
  tensors: Iterable<readonly [string, TensorData]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const sorted = sortByName([...tensors])
  const header = safetensorsHeader(
    sorted.map(([name, { shape, data }]) => ({ name, dtype: 'F32', shape, length: data.length })),
    metadata,
  )
  const file = new Uint8Array(sorted.reduce((sum, [, { data }]) => sum + data.byteLength, header.length))
  file.set(header)
  let at = header.length
  for (const [, { data }] of sorted) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  return file
}

/** A tensor of a file that is to be written. */
export interface TensorHeader {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  /** Values that there are, to be compared with the shape. */
  readonly length: number
}

/**
 * What stands before the data of a safetensors file whose tensors follow each other in this order; its length is a
 * multiple of 8 bytes. Throws `SafetensorsError` for a name given twice or a shape that does not fit.
 */
export function safetensorsHeader(
  tensors: readonly TensorHeader[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const entries: string[] = []
  const labels = sortByName(Object.entries(metadata))
  // Put together as text: an object would reorder keys that look like numbers and swallow '__proto__'.
  if (labels.length > 0)
    entries.push(`"__metadata__":{${labels.map(pair => pair.map(quote).join(':')).join(',')}}`)
  const names = new Set<string>()
  let size = 0
  for (const { name, dtype, shape, length } of tensors) {
    if (name === '__metadata__') throw new SafetensorsError(`a tensor cannot be called '${name}'`)
    if (names.has(name)) throw new SafetensorsError(`tensor '${name}' is given twice`)
    names.add(name)
    if (!isSizes(shape) || countOf(shape) !== length)
      throw new SafetensorsError(`tensor '${name}': shape [${shape}] does not hold ${length} values`)
    const end = size + (length * bitsOf[dtype]) / 8
    entries.push(`${quote(name)}:{"dtype":"${dtype}","shape":[${shape}],"data_offsets":[${size},${end}]}`)
    size = end
  }
  const json = new TextEncoder().encode(`{${entries.join(',')}}`)
  const header = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20, 8)
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true)
  header.set(json, 8)
  return header
}

async function readHeader(source: ByteSource, name: string) {
  if (source.size < 8)
    throw new SafetensorsError(`${name}: ${source.size} bytes are too few for a safetensors file`)
  const size = Number(new DataView((await source.read(0, 8)).buffer).getBigUint64(0, true))
  if (size === 0) throw new SafetensorsError(`${name}: the header length is 0; it must hold at least '{}'`)
  if (size > maxHeaderSize)
    throw new SafetensorsError(
      `${name}: the header length is ${size}, at most ${maxHeaderSize} is allowed; is this a safetensors file?`,
    )
  if (size > source.size - 8)
    throw new SafetensorsError(
      `${name}: the header length is ${size}, but the file has ${source.size} bytes; the download may be cut short`,
    )
  const bytes = await source.read(8, 8 + size)
  if (bytes[0] !== 0x7b) throw new SafetensorsError(`${name}: the header does not begin with '{'`)
  let text: string
  let header: unknown
  try {
    text = decodeText(bytes, name)
    header = JSON.parse(text)
  } catch (cause) {
    throw new SafetensorsError(`${name}: the header is not JSON: ${(cause as Error).message}`, { cause })
  }
  if (!isObject(header)) throw new SafetensorsError(`${name}: the header is not a JSON object`)
  const twice = duplicateKey(text)
  if (twice !== null) throw new SafetensorsError(`${name}: the header has the key '${twice}' twice`)
  return { header, dataBegin: 8 + size }
}

function parseMetadata(value: unknown, name: string): Record<string, string> {
  const strings = isObject(value) && Object.values(value).every(text => typeof text === 'string')
  if (!strings) throw new SafetensorsError(`${name}: __metadata__ is not an object of strings`)
  // Null prototype: a key '__proto__' is a key like any other.
  return Object.assign(Object.create(null), value)
}

/** `offset` is added to the data offsets; `who` names file and tensor. */
function parseEntry(value: unknown, offset: number, who: string): TensorEntry {
  if (!isObject(value)) throw new SafetensorsError(`${who}: the entry is not an object`)
  const { dtype, shape, data_offsets: range } = value
  if (typeof dtype !== 'string' || !Object.hasOwn(bitsOf, dtype))
    throw new SafetensorsError(
      `${who}: the type ${show(dtype)} is not one of ${Object.keys(bitsOf).join(', ')}`,
    )
  if (!isSizes(shape)) throw new SafetensorsError(`${who}: the shape ${show(shape)} is not a list of sizes`)
  if (!isSizes(range) || range.length !== 2 || range[0]! > range[1]!)
    throw new SafetensorsError(`${who}: the data offsets ${show(range)} are not [begin, end]`)
  const [begin, end] = range as [number, number]
  const bits = countOf(shape) * bitsOf[dtype as Dtype]
  if (!Number.isSafeInteger(bits))
    throw new SafetensorsError(`${who}: the shape ${show(shape)} is too large for any file`)
  if (bits !== (end - begin) * 8)
    throw new SafetensorsError(
      `${who}: ${dtype} of shape ${show(shape)} takes ${bits / 8} bytes, the data offsets give ${end - begin}`,
    )
  return { dtype: dtype as Dtype, shape, begin: offset + begin, end: offset + end }
}

/** Tensors must cover the data from end to end, in any order, with no byte left out and none used twice. */
function checkTiling(tensors: ReadonlyMap<string, TensorEntry>, begin: number, size: number, name: string) {
  let covered = begin
  const sorted = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)
  for (const [tensor, entry] of sorted) {
    const who = `${name}: tensor '${tensor}'`
    if (entry.end > size)
      throw new SafetensorsError(
        `${who} ends at byte ${entry.end}, but the file has ${size}; the download may be cut short`,
      )
    if (entry.begin < covered) throw new SafetensorsError(`${who} overlaps the tensor before it`)
    if (entry.begin > covered)
      throw new SafetensorsError(`${who} leaves ${entry.begin - covered} unused bytes before it`)
    covered = entry.end
  }
  if (covered !== size)
    throw new SafetensorsError(`${name}: ${size - covered} bytes after the last tensor belong to none`)
}

/** Elements of a shape; not a safe integer where the product is too large to be exact. */
function countOf(shape: readonly number[]): number {
  // Zero first: 0 × Infinity is NaN.
  return shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1)
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every(size => Number.isSafeInteger(size) && size >= 0)

/** JSON of a value from the file, short enough for a message. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined'
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

/** By UTF-16 code unit, which no locale changes. */
function sortByName<Named extends readonly [string, unknown]>(pairs: Named[]): Named[] {
  return pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}

function quote(text: string): string {
  // Half of a surrogate pair has no UTF-8; the official reader refuses its JSON escape.
  if (/\p{Surrogate}/u.test(text))
    throw new SafetensorsError(`the name ${JSON.stringify(text)} is not well-formed Unicode`)
  return JSON.stringify(text)
}
