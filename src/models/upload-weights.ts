import { adjacentTensors, type TensorShape } from '../gpu/adjacent-tensors'
import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import type { Weights as WeightFiles } from '../io/model-weights'
import { f32 } from '../ops/format-f32'
import { Matrix, SHARD_ROWS, shardShapes, type Weight } from '../ops/matrix'
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
  const weights = emptyWeights(gpu, specs, storage)
  let done = 0
  let waiting = 0
  try {
    for (const [key, spec] of specs) {
      const weight = weights.get(key)!
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

/**
 * Memory for a model's weights, as they are stored where it is loaded as `storage`, with undefined contents. They lie one
 * after the other, the matrices first: an optimizer then needs few dispatches to change all of them. Only what is split
 * where a binding ends has memory of its own.
 *
 * @throws {OutOfMemoryError} if a binding cannot hold what it must
 */
export function emptyWeights(gpu: Gpu, specs: WeightSpecs, storage: WeightFormat): Map<string, Weight> {
  const planned = [...specs].map(([name, spec]) => ({ name, spec, parts: partsOf(gpu, spec, storage) }))
  const whole = planned.filter(({ parts }) => parts.length === 1)
  const isVector = ({ spec }: { readonly spec: WeightSpec }) => spec.shape.length === 1
  const ordered = [...whole.filter(plan => !isVector(plan)), ...whole.filter(isVector)]
  const made = new Map<string, Tensor>()
  const weights = new Map<string, Weight>()
  try {
    const tensors = adjacentTensors(
      gpu,
      ordered.flatMap(({ parts }) => parts),
    )
    for (const [k, { name }] of ordered.entries()) made.set(name, tensors[k]!)
    for (const { name, spec } of planned) {
      const tensor = made.get(name)
      weights.set(name, tensor ? weightOf(spec, storage, [tensor]) : emptyWeight(gpu, spec, storage))
    }
  } catch (error) {
    for (const weight of [...made.values(), ...weights.values()]) weight[Symbol.dispose]()
    throw error
  }
  return weights
}

/** Memory for one weight. */
export const emptyWeight = (gpu: Gpu, spec: WeightSpec, storage: WeightFormat): Weight =>
  weightOf(spec, storage, adjacentTensors(gpu, partsOf(gpu, spec, storage)))

function partsOf(gpu: Gpu, spec: WeightSpec, storage: WeightFormat): readonly TensorShape[] {
  const [rows = 0, columns] = spec.shape
  if (columns === undefined) return [{ shape: [rows] }]
  return shardShapes(gpu, [rows, columns], formatOf(spec, storage))
}

function weightOf(spec: WeightSpec, storage: WeightFormat, tensors: readonly Tensor[]): Weight {
  const [rows = 0, columns] = spec.shape
  const format = formatOf(spec, storage)
  const [only] = tensors
  // One f32 shard is a tensor as any other.
  if (only && tensors.length === 1 && (columns === undefined || format === f32)) return only
  return Matrix.of([rows, columns ?? 1], format, tensors)
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
