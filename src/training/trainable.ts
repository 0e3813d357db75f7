import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import type { CausalNetwork } from '../models/causal-network'
import type { LoraMap } from '../nn/linear'

/** A tensor that is trained, with its gradient. */
export interface Parameter {
  readonly name: string
  readonly value: Tensor
  /** ∂loss/∂value, summed since it was last cleared. */
  readonly grad: Tensor
}

/**
 * Values that are trained alike, with their gradients, both [N]. Arenas whose values lie one after the other in memory,
 * and whose gradients do, an optimizer changes in one dispatch; the padding between gradients must hold zeros.
 */
export interface Arena {
  /** What its part of a checkpoint is called. */
  readonly name: string
  readonly values: Tensor
  readonly grads: Tensor
  /** Whether weight decay applies: not to biases and norms, as in transformers. */
  readonly decays: boolean
}

/** What is trained of a model: a low-rank adapter, or the model's own weights. */
export interface Trainable extends Disposable {
  readonly gpu: Gpu
  readonly network: CausalNetwork
  /** The adapter's factors, for the network's forward pass; null where the network's own weights are trained. */
  readonly map: LoraMap | null
  readonly parameters: readonly Parameter[]
  readonly arenas: readonly Arena[]
  /** Number of trained values, without the padding between them. */
  readonly size: number
  /** Share of the inputs that the adapter's layers do not see in training. */
  readonly dropout: number
  /** Whether rows of tables are trained, for which a forward pass needs `groups` and `positionGroups`. */
  readonly trainsEmbedding: boolean
}
