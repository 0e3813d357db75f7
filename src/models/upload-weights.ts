import type { Gpu } from '../gpu/gpu'
import type { Weights as WeightFiles } from '../io/model-weights'
import { f32 } from '../ops/format-f32'
import { Matrix, SHARD_ROWS, type Weight } from '../ops/matrix'
import { type WeightFormat, WeightRangeError } from '../ops/weight-format'
import type { WeightSpec, WeightSpecs } from './architecture'
import { ModelError } from './errors'
import { formatOf } from './weight-storage'

/** Values on the host at a time, about. */
const PIECE_VALUES = 2 ** 20
/** Bytes given to the driver between two waits: it keeps a copy of each until the GPU has it. */
const WAIT_BYTES = 32 * 2 ** 20

export interface UploadOptions {
  readonly storage: WeightFormat
  readonly signal: AbortSignal | undefined
  /** Called with the share of all values that is on the GPU. */
  readonly onProgress: ((fraction: number) => void) | undefined
}

/**
 * Brings weights to the GPU, a few MiB at a time.
 *
 * @param name of the model, for errors
 * @param nameOf the name of a weight in the files
 * @throws {ModelError} for a value that the storage cannot hold
 * @throws {OutOfMemoryError} if the GPU's memory does not suffice
 */
export async function uploadWeights(
  gpu: Gpu,
  name: string,
  specs: WeightSpecs,
  files: WeightFiles,
  nameOf: (key: string) => string,
  { storage, signal, onProgress }: UploadOptions,
): Promise<Map<string, Weight>> {
  const total = [...specs.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0)
  const weights = new Map<string, Weight>()
  let done = 0
  let waiting = 0
  try {
    for (const [key, spec] of specs) {
      const weight = emptyWeight(gpu, spec, storage)
      weights.set(key, weight)
      for await (const { values, write } of pieces(gpu, weight, spec, nameOf(key), files)) {
        signal?.throwIfAborted()
        waiting += writeOrExplain(`${name}: ${key}`, write)
        if (waiting >= WAIT_BYTES) {
          await gpu.idle()
          waiting = 0
        }
        done += values
        onProgress?.(done / total)
      }
    }
    await gpu.idle()
  } catch (error) {
    for (const weight of weights.values()) weight[Symbol.dispose]()
    throw error
  }
  return weights
}

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)

/** Memory for a weight as it is stored where a model is loaded as `storage`. */
export function emptyWeight(gpu: Gpu, spec: WeightSpec, storage: WeightFormat): Weight {
  const { shape } = spec
  const [rows = 0, columns] = shape
  if (columns === undefined) return gpu.empty(shape)
  const format = formatOf(spec, storage)
  const matrix = Matrix.empty(gpu, [rows, columns], format)
  // One f32 shard is a tensor as any other.
  return format === f32 && matrix.shards.length === 1 ? matrix.shards[0]!.values : matrix
}

interface Piece {
  readonly values: number
  /** Gives the piece to the GPU; returns its bytes. */
  readonly write: () => number
}

async function* pieces(
  gpu: Gpu,
  weight: Weight,
  { shape, transposed }: WeightSpec,
  key: string,
  files: WeightFiles,
): AsyncGenerator<Piece, void, undefined> {
  const [rows = 0, columns = 1] = shape
  // Columns of the file are rows here: all of them are needed for the first.
  const whole = transposed ? transpose(await files.read(key), rows, columns) : null
  const shards = 'shards' in weight ? weight.shards : [{ first: 0, rows, format: f32, values: weight }]
  const height = Math.max(1, Math.floor(PIECE_VALUES / columns / SHARD_ROWS)) * SHARD_ROWS
  for (const { first, rows: count, format, values } of shards) {
    for (let begin = 0; begin < count; begin += height) {
      const end = Math.min(count, begin + height)
      const piece =
        whole?.subarray((first + begin) * columns, (first + end) * columns) ??
        (await files.readRows(key, first + begin, first + end))
      yield {
        values: piece.length,
        write() {
          const words = format.encode(piece, columns)
          gpu.write(values.rows(begin, end), words)
          return words.byteLength
        },
      }
    }
  }
}

function writeOrExplain(who: string, write: () => number): number {
  try {
    return write()
  } catch (error) {
    if (!(error instanceof WeightRangeError)) throw error
    throw new ModelError(`${who}: ${error.message}. Load the model with storage: f32`, { cause: error })
  }
}

/** values [columns, rows] → [rows, columns]. */
function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length)
  for (let c = 0; c < columns; c++) {
    for (let r = 0; r < rows; r++) result[r * columns + c] = values[c * rows + r]!
  }
  return result
}
