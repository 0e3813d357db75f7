import type { Gpu } from '../gpu/gpu'
import { Tensor } from '../gpu/tensor'
import type { CausalNetwork, LoraMap } from '../models/causal-network'
import { changedNorms, scaleRows } from '../ops/dora'
import { embedding } from '../ops/embedding'
import { f32 } from '../ops/format-f32'
import type { LoraFactors } from '../ops/lora'
import { matmulNn } from '../ops/matmul'
import { shardsOf, type Weight } from '../ops/matrix'
import { Tape } from '../ops/tape'
import { TrainingError } from './errors'

/**
 * Adds an adapter's changes to the network's own weights, in place: w + scale·B·A, and with DoRA its rows at the lengths
 * of the magnitudes. From then on the network computes without the adapter what it computed with it, to f32's rounding;
 * nothing undoes it.
 *
 * @throws {TrainingError} for a weight that is not stored as f32, and for an adapter of another model; nothing has
 *   changed then
 */
export function mergeAdapter(network: CausalNetwork, { map }: { readonly map: LoraMap }): void {
  const { gpu } = network
  checkChanges(network, map)
  const changed = network.linears.filter(({ path }) => map.has(path))
  for (const { path, weight } of changed) {
    const format = shardsOf(weight).find(shard => shard.format !== f32)?.format
    if (!format) continue
    throw new TrainingError(
      `${path} is stored as ${format.name}, and changes are added to f32 weights only. Load the model with storage: f32, or export it with the adapter`,
    )
  }
  for (const { path, weight } of changed) {
    const factors = map.get(path)!
    using norm = normOf(gpu, weight, factors)
    for (const { first, values } of shardsOf(weight)) addChange(gpu, factors, norm, values, first)
  }
}

/** @throws {TrainingError} for an adapter that changes a layer which the network does not have */
export function checkChanges(network: CausalNetwork, map: LoraMap): void {
  const paths = new Set(network.linears.map(({ path }) => path))
  const stray = [...map.keys()].find(path => !paths.has(path))
  if (stray === undefined) return
  throw new TrainingError(
    `the adapter changes ${stray}, which the model does not have: it is of another model`,
  )
}

/**
 * The rows of a weight as f32 on the host, whatever it is stored as, with an adapter's change: `height` at a time, a
 * multiple of 64. Nothing of the weight's size is made. A vector comes whole.
 */
export async function* mergedRows(
  gpu: Gpu,
  weight: Weight,
  factors: LoraFactors | null,
  height: number,
): AsyncGenerator<Float32Array, void, undefined> {
  const [O = 0, columns] = weight.shape
  if (weight instanceof Tensor && columns === undefined) {
    yield await gpu.read(weight)
    return
  }
  using norm = factors && normOf(gpu, weight, factors)
  for (let begin = 0; begin < O; begin += height) {
    const end = Math.min(O, begin + height)
    using tape = new Tape(gpu, { grad: false })
    using ids = gpu.tensor(
      [end - begin],
      Uint32Array.from({ length: end - begin }, (_, i) => begin + i),
    )
    const rows = embedding(tape, ids, weight, null)
    if (factors) addChange(gpu, factors, norm, rows, begin)
    yield await gpu.read(rows)
  }
}

/** Lengths of the changed weight's rows, which DoRA divides by. */
function normOf(gpu: Gpu, weight: Weight, factors: LoraFactors): Tensor | null {
  if (!factors.magnitude) return null
  const norm = gpu.empty(factors.magnitude.shape)
  changedNorms(gpu, weight, factors, norm)
  return norm
}

/** Changes rows of a weight, from `first` on, a multiple of 64: where factors begin at 256 bytes. */
function addChange(
  gpu: Gpu,
  { a, b, scale, magnitude }: LoraFactors,
  norm: Tensor | null,
  rows: Tensor,
  first: number,
): void {
  const [count = 0] = rows.shape
  matmulNn(gpu, b.rows(first, first + count), a, rows, { alpha: scale, accumulate: true })
  if (magnitude && norm) scaleRows(gpu, rows, magnitude, norm, { first })
}
