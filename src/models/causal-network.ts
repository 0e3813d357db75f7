import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import type { KvCache } from '../nn/kv-cache'
import type { Linear, LoraMap } from '../nn/linear'
import type { Packed } from '../nn/packed'
import type { Weight } from '../ops/matrix'
import type { Tape } from '../ops/tape'

export type { LoraMap }

export interface ForwardOptions {
  readonly adapter?: LoraMap | null
  readonly cache?: KvCache | null
}

/** What every causal language model computes, whatever its architecture. */
export interface CausalNetwork extends Disposable {
  readonly gpu: Gpu
  /** `model_type` of its config.json. */
  readonly architecture: string
  readonly vocabulary: number
  /** C */
  readonly hidden: number
  readonly maxPositions: number
  /** Weights by their Hugging Face names. Those in f32 can be trained. */
  readonly weights: ReadonlyMap<string, Weight>
  /** Linear layers that an adapter may change, in the order of the model. */
  readonly linears: readonly Linear[]
  /** The output projection [V, C]. */
  readonly head: Weight
  /** Last hidden states after the final norm, [T, C]. */
  forward(tape: Tape, packed: Packed, options?: ForwardOptions): Tensor
  cache(slots: number): KvCache
  /** The same network without values on another device: a dry one, to count bytes. */
  plan(gpu: Gpu): CausalNetwork
}
