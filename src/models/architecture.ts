import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import type { Weight } from '../ops/matrix'
import type { CausalNetwork } from './causal-network'
import type { Config } from './config'
import type { TiedHead } from './tied-head'

/**
 * What a weight is for, which decides how it may be stored: that of a `linear` layer in any format; an `embedding`,
 * from which rows are taken and which may be the output projection too, in f32 or fp16; a `vector` in f32.
 */
export type WeightKind = 'linear' | 'embedding' | 'vector'

export interface WeightSpec {
  readonly kind: WeightKind
  /** [O, I] of a layer, [V, C] of an embedding, [C] of a vector. */
  readonly shape: readonly number[]
  /** Whether the file has a layer's weight as [I, O], as GPT-2's. */
  readonly transposed?: boolean
}

/** Weights by their Hugging Face names, in the order of the model. */
export type WeightSpecs = ReadonlyMap<string, WeightSpec>

/** Weights on the GPU by their Hugging Face names. */
export type Weights = ReadonlyMap<string, Weight>

/** What a config.json asks for: the weights that its files must hold, and the network that they make. */
export interface Blueprint<Network = CausalNetwork> {
  readonly weights: WeightSpecs
  /** What some files leave out in front of the names, `transformer.`: those saved without their output projection. */
  readonly prefix: string
  /** Weights that files may hold and that are not needed: tables computed here. */
  readonly ignored: RegExp
  /** Null where the output projection is a weight of its own, or there is none. */
  readonly tied: TiedHead | null
  /** @param weights all of `weights`; disposed with the network */
  build(gpu: Gpu, weights: Weights): Network
}

/** A kind of model: how its config.json is read. */
export interface Architecture<Network = CausalNetwork> {
  /** `model_type` of its config.json. */
  readonly modelType: string
  /** @throws {ModelError} naming a field that is missing, or that asks for something not computed here */
  blueprint(config: Config): Blueprint<Network>
}

/** A weight of one axis, or of another kind that is never packed. */
export function vectorOf(weights: Weights, name: string): Tensor {
  const weight = weights.get(name)
  if (!weight || 'shards' in weight) throw new TypeError(`${name} is no vector of these weights`)
  return weight
}
