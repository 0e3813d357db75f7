import { Tensor } from '../src/gpu/tensor'
import type { Weight } from '../src/ops/matrix'

/** A weight that must be stored as f32 in one shard. */
export function f32Weight(weight: Weight | undefined): Tensor {
  if (weight instanceof Tensor) return weight
  throw new TypeError(`expected an f32 tensor, got ${weight?.shards[0]?.format.name}`)
}
