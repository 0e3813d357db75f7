import type { Dtype } from '../gpu/kernel'
import { type ByteSource, ModelFilesError } from '../io/byte-source'
import { sha256Of } from '../io/content-hash'
import { openSafetensors, SafetensorsError, safetensorsHeader, type TensorHeader } from '../io/safetensors'
import { CheckpointError } from './errors'
import type { Fingerprint } from './fingerprint'

/** Where a run stands, besides the values of its tensors. */
export interface CheckpointPlace {
  /** Optimizer steps of the schedule done. */
  readonly step: number
  /** Tokens seen. */
  readonly tokens: number
  /** Steps that the optimizer has counted. */
  readonly optimizerSteps: number
  readonly fingerprint: Fingerprint
  /** Of the library that wrote it. */
  readonly version: string
}

/** Values of a checkpoint, 32 bits each, to be read part by part. */
export interface CheckpointTensor {
  readonly dtype: Dtype
  readonly shape: readonly number[]
  /** Values [begin, end), as bytes. */
  read(begin: number, end: number): Promise<Uint8Array<ArrayBuffer>>
}

type Bytes = Uint8Array<ArrayBuffer>

const FORMAT = 1
const STORED = { f32: 'F32', u32: 'U32', i32: 'I32' } as const
const DTYPES = Object.keys(STORED) as Dtype[]
/** The last tensor of the file: the digest of all that is before it, in hexadecimal. */
const DIGEST = 'sha256'
const DIGEST_BYTES = 64
/** Bytes of the metadata's only entry, JSON. */
const METADATA = 'tabtune'

/** Digests are of pieces of this many bytes, and the file's is of theirs: none is held whole. */
const PIECE_BYTES = 8 * 2 ** 20

/**
 * A checkpoint as a safetensors file: the tensors by name, and last a digest of all before it, so that it can be
 * written as it is read from the GPU.
 */
export function encodeCheckpoint(
  place: CheckpointPlace,
  tensors: ReadonlyMap<string, CheckpointTensor>,
): { readonly bytes: number; readonly content: AsyncIterable<Bytes> } {
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))
  const entries: TensorHeader[] = sorted.map(([name, { dtype, shape }]) => ({
    name,
    dtype: STORED[dtype],
    shape,
    length: sizeOf(shape),
  }))
  entries.push({ name: DIGEST, dtype: 'U8', shape: [DIGEST_BYTES], length: DIGEST_BYTES })
  const header = safetensorsHeader(entries, { [METADATA]: JSON.stringify({ format: FORMAT, ...place }) })
  const values = sorted.reduce((sum, [, { shape }]) => sum + 4 * sizeOf(shape), 0)
  async function* content() {
    yield header
    for (const [, tensor] of sorted) {
      const size = sizeOf(tensor.shape)
      for (let begin = 0; begin < size; begin += PIECE_BYTES / 4)
        yield await tensor.read(begin, Math.min(size, begin + PIECE_BYTES / 4))
    }
  }
  return { bytes: header.length + values + DIGEST_BYTES, content: withDigest(content()) }
}

/**
 * Reads a checkpoint that `encodeCheckpoint` made, after all of it was compared with its digest.
 *
 * @throws {CheckpointError} if it is cut short, was changed, or is no checkpoint of this format
 */
export async function decodeCheckpoint(
  source: ByteSource,
  name: string,
): Promise<{ readonly place: CheckpointPlace; readonly tensors: ReadonlyMap<string, CheckpointTensor> }> {
  try {
    if (source.size < DIGEST_BYTES) throw new CheckpointError(`${name}: it is cut short`)
    const end = source.size - DIGEST_BYTES
    const digest = new TextDecoder().decode(await source.read(end, source.size))
    if ((await digestOfSource(source, end)) !== digest)
      throw new CheckpointError(
        `${name}: it is cut short or was changed: its digest is not that of its content`,
      )
    const file = await openSafetensors(source, name)
    const place = parsePlace(file.metadata[METADATA], name)
    const tensors = new Map<string, CheckpointTensor>()
    for (const [tensor, { dtype, shape, begin }] of file.tensors) {
      if (tensor === DIGEST) continue
      const known = DTYPES.find(own => STORED[own] === dtype)
      if (!known) throw new CheckpointError(`${name}: checkpoints have no tensor of type ${dtype}`)
      tensors.set(tensor, {
        dtype: known,
        shape,
        read: (from, to) => source.read(begin + 4 * from, begin + 4 * to),
      })
    }
    return { place, tensors }
  } catch (cause) {
    if (!(cause instanceof SafetensorsError) && !(cause instanceof ModelFilesError)) throw cause
    throw new CheckpointError(cause.message, { cause })
  }
}

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)

/** Joins what comes to pieces, and ends with the digest. */
async function* withDigest(chunks: AsyncIterable<Bytes>): AsyncGenerator<Bytes> {
  const digests: string[] = []
  let piece = new Uint8Array(PIECE_BYTES)
  let filled = 0
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const taken = Math.min(chunk.length - at, PIECE_BYTES - filled)
      piece.set(chunk.subarray(at, at + taken), filled)
      at += taken
      filled += taken
      if (filled < PIECE_BYTES) continue
      digests.push(await sha256Of(piece))
      yield piece
      piece = new Uint8Array(PIECE_BYTES)
      filled = 0
    }
  }
  if (filled > 0) {
    const rest = piece.slice(0, filled)
    digests.push(await sha256Of(rest))
    yield rest
  }
  yield new TextEncoder().encode(await digestOfDigests(digests))
}

async function digestOfSource(source: ByteSource, end: number): Promise<string> {
  const digests: string[] = []
  for (let begin = 0; begin < end; begin += PIECE_BYTES)
    digests.push(await sha256Of(await source.read(begin, Math.min(end, begin + PIECE_BYTES))))
  return digestOfDigests(digests)
}

const digestOfDigests = (digests: readonly string[]) => sha256Of(new TextEncoder().encode(digests.join('')))

function parsePlace(json: string | undefined, name: string): CheckpointPlace {
  const no = (what: string) => new CheckpointError(`${name}: it is no checkpoint of tabtune: ${what}`)
  let found: unknown
  try {
    found = JSON.parse(json ?? 'null')
  } catch {
    throw no('its metadata is no JSON')
  }
  if (!isObject(found)) throw no('it has no metadata')
  const { format, step, tokens, optimizerSteps, fingerprint, version } = found
  if (format !== FORMAT)
    throw no(
      `its format is ${JSON.stringify(format)}, this version reads ${FORMAT}; use the version that wrote it`,
    )
  if (!isCount(step) || !isCount(tokens) || !isCount(optimizerSteps))
    throw no('it does not say where it stands')
  if (!isObject(fingerprint) || !Object.values(fingerprint).every(part => typeof part === 'string'))
    throw no('it does not say what it belongs to')
  if (typeof version !== 'string') throw no('it does not say which version wrote it')
  return { step, tokens, optimizerSteps, fingerprint: fingerprint as Fingerprint, version }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
