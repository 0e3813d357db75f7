import { ShapeError } from '../gpu/errors'
import type { Gpu } from '../gpu/gpu'
import type { Dtype } from '../gpu/kernel'
import { Tensor } from '../gpu/tensor'
import { f32 } from './format-f32'
import type { WeightFormat } from './weight-format'

/** Some rows of a matrix, in one binding. */
export interface Shard {
  /** Row of the matrix that it begins with. */
  readonly first: number
  readonly rows: number
  readonly format: WeightFormat
  /** [rows, words] */
  readonly values: Tensor
}

/** Rows of a shard begin at multiples of so many: 256 bytes, which bindings need, whatever a row's words are. */
export const SHARD_ROWS = 64

/**
 * A weight matrix [O, I] in the format it is stored in, split into shards of rows where one binding cannot hold it.
 * A tensor is the same as an f32 matrix of one shard.
 */
export class Matrix implements Disposable {
  constructor(
    /** O, I */
    readonly shape: readonly [number, number],
    readonly shards: readonly Shard[],
  ) {
    const rows = shards.reduce((sum, shard) => sum + shard.rows, 0)
    if (rows !== shape[0]) throw new ShapeError(`Matrix: shards of ${rows} rows for [${shape.join(', ')}]`)
  }

  /**
   * Memory for a matrix, with undefined contents.
   *
   * @throws {ShapeError} if the format has no rows of so many values
   * @throws {OutOfMemoryError} if a binding cannot hold `SHARD_ROWS` rows
   */
  static empty(gpu: Gpu, shape: readonly [number, number], format: WeightFormat): Matrix {
    const tensors: Tensor[] = []
    try {
      for (const { shape: words, dtype } of shardShapes(gpu, shape, format))
        tensors.push(gpu.empty(words, dtype))
    } catch (error) {
      for (const tensor of tensors) tensor[Symbol.dispose]()
      throw error
    }
    return Matrix.of(shape, format, tensors)
  }

  /** The matrix in tensors of the shapes that `shardShapes` gives. */
  static of(shape: readonly [number, number], format: WeightFormat, tensors: readonly Tensor[]): Matrix {
    let first = 0
    const shards = tensors.map(values => {
      const rows = values.shape[0] ?? 0
      first += rows
      return { first: first - rows, rows, format, values }
    })
    return new Matrix(shape, shards)
  }

  get size(): number {
    return this.shape[0] * this.shape[1]
  }

  get bytes(): number {
    return this.shards.reduce((sum, { values }) => sum + values.bytes, 0)
  }

  [Symbol.dispose](): void {
    for (const { values } of this.shards) values[Symbol.dispose]()
  }
}

/**
 * Of each shard of a matrix: [rows, words], and of what type.
 *
 * @throws {ShapeError} if the format has no rows of so many values
 */
export function shardShapes(
  gpu: Gpu,
  [O, I]: readonly [number, number],
  format: WeightFormat,
): { readonly shape: readonly [number, number]; readonly dtype: Dtype }[] {
  if (!format.fits(I)) throw new ShapeError(`Matrix: ${format.name} has no rows of ${I} values`)
  const { maxStorageBufferBindingSize, maxBufferSize } = gpu.device.limits
  const limit = Math.min(maxStorageBufferBindingSize, maxBufferSize)
  const words = format.words(I)
  const most = Math.max(1, Math.floor(limit / (words * 4 * SHARD_ROWS))) * SHARD_ROWS
  const dtype = format === f32 ? 'f32' : 'u32'
  return Array.from({ length: Math.ceil(O / most) }, (_, k) => ({
    shape: [Math.min(most, O - k * most), words],
    dtype,
  }))
}

/** What a layer multiplies by: an f32 tensor [O, I], or a matrix in any format. */
export type Weight = Tensor | Matrix

export function shardsOf(weight: Weight): readonly Shard[] {
  if (!(weight instanceof Tensor)) return weight.shards
  return [{ first: 0, rows: weight.shape[0] ?? 0, format: f32, values: weight }]
}

/** Memory like that of `weight` on another device, or the same one, with undefined contents. */
export function emptyLike(gpu: Gpu, weight: Weight): Weight {
  if (weight instanceof Tensor) return gpu.empty(weight.shape, weight.dtype)
  const shards = weight.shards.map(shard => ({
    ...shard,
    values: gpu.empty(shard.values.shape, shard.values.dtype),
  }))
  return new Matrix(weight.shape, shards)
}
