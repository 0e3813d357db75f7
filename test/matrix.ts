import type { Gpu } from '../src/gpu/gpu'
import { f32 } from '../src/ops/format-f32'
import { Matrix, type Shard } from '../src/ops/matrix'
import type { WeightFormat } from '../src/ops/weight-format'
import { decode } from './reference/weight-formats'

/** A matrix [O, I] in a format and in shards of some rows, and the values that it stands for. */
export function matrixOf(
  gpu: Gpu,
  values: Float32Array,
  [O, I]: readonly [number, number],
  format: WeightFormat,
  shardRows = O,
): { matrix: Matrix; stored: Float64Array } {
  const shards: Shard[] = []
  const stored = new Float64Array(values.length)
  for (let first = 0; first < O; first += shardRows) {
    const rows = Math.min(shardRows, O - first)
    const words = format.encode(values.subarray(first * I, (first + rows) * I), I)
    stored.set(decode(format.name, words, I), first * I)
    const tensor = gpu.empty([rows, format.words(I)], format === f32 ? 'f32' : 'u32')
    gpu.write(tensor, words)
    shards.push({ first, rows, format, values: tensor })
  }
  return { matrix: new Matrix([O, I], shards), stored }
}
