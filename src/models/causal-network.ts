import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import type { KvCache } from '../nn/kv-cache'
import type { Linear, LoraMap } from '../nn/linear'
import type { Packed } from '../nn/packed'
import type { Dropout } from '../ops/dropout'
import type { EmbeddingNoise } from '../ops/embedding-noise'
import type { Weight } from '../ops/matrix'
import type { Tape } from '../ops/tape'

export type { LoraMap }

export interface ForwardOptions {
  readonly adapter?: LoraMap | null
  /** In training: of what the adapter sees of its layers' inputs. */
  readonly dropout?: Dropout | null
  /** In training: added to the embedded tokens, as in NEFTune. */
  readonly noise?: EmbeddingNoise | null
  /** Filled at `packed.slots`, then read in place of the tokens' own keys and values. */
  readonly cache?: KvCache | null
  /**
   * What all sequences begin with, full: they are given without it, their positions counted on from it. No gradient,
   * and no token further from the prefix's first than `window`.
   */
  readonly prefix?: KvCache | null
  /** Whether layers are computed again in the backward pass, and their activations not kept. */
  readonly recompute?: boolean
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
  /** The fewest tokens that a layer sees, counted back from a token, itself among them; infinite where all see all. */
  readonly window: number
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
