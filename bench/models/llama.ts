import type { Gpu } from '../../src/gpu/gpu'
import { filesFromList } from '../../src/io/model-files'
import { writeSafetensors } from '../../src/io/safetensors'
import type { Blueprint } from '../../src/models/architecture'
import type { CausalNetwork } from '../../src/models/causal-network'
import { Config } from '../../src/models/config'
import { llama } from '../../src/models/llama'
import { loadNetwork } from '../../src/models/load-network'
import { f32 } from '../../src/ops/format-f32'
import type { WeightFormat } from '../../src/ops/weight-format'
import type { HostWeights } from './random-weights'

/** A Llama with heads of `hidden / heads`. */
export interface LlamaShape {
  readonly vocabulary: number
  readonly hidden: number
  readonly intermediate: number
  readonly layers: number
  readonly heads: number
  readonly kvHeads: number
  /** Tokens of the longest sequence. */
  readonly context: number
  /** Whether the output projection is the embedding. */
  readonly tied: boolean
}

export const NORM_EPS = 1e-5
export const ROPE_THETA = 10000

/** The config.json of a Llama. */
export const llamaConfig = (shape: LlamaShape) => ({
  model_type: 'llama',
  architectures: ['LlamaForCausalLM'],
  vocab_size: shape.vocabulary,
  hidden_size: shape.hidden,
  intermediate_size: shape.intermediate,
  num_hidden_layers: shape.layers,
  num_attention_heads: shape.heads,
  num_key_value_heads: shape.kvHeads,
  max_position_embeddings: shape.context,
  rms_norm_eps: NORM_EPS,
  rope_theta: ROPE_THETA,
  hidden_act: 'silu',
  tie_word_embeddings: shape.tied,
})

export const llamaBlueprint = (shape: LlamaShape): Blueprint<CausalNetwork> =>
  llama.blueprint(new Config(llamaConfig(shape), 'bench'))

/** The network of these weights, loaded as from files, with those of its layers in `storage`. */
export function llamaNetwork(
  gpu: Gpu,
  shape: LlamaShape,
  weights: HostWeights,
  storage: WeightFormat = f32,
): Promise<CausalNetwork> {
  const files = new Map([
    ['config.json', new Blob([JSON.stringify(llamaConfig(shape))])],
    ['model.safetensors', new Blob([writeSafetensors(weights)])],
  ])
  return loadNetwork(gpu, filesFromList(files, 'random'), [llama], { storage })
}

/**
 * Multiplications and additions of a step of full training: six for each weight and token, and attention's, of which the
 * half above the diagonal is not needed.
 */
export function trainingFlops(
  { vocabulary, hidden, intermediate, layers, heads, kvHeads }: LlamaShape,
  sequences: number,
  tokens: number,
): number {
  const projections = 2 * hidden ** 2 + 2 * hidden ** 2 * (kvHeads / heads)
  const weights = layers * (projections + 3 * hidden * intermediate) + vocabulary * hidden
  return sequences * tokens * (6 * weights + 6 * layers * hidden * tokens)
}

/** Values of all weights. */
export const weightCount = (shape: LlamaShape): number =>
  [...llamaBlueprint(shape).weights.values()].reduce(
    (sum, { shape: axes }) => sum + axes.reduce((a, b) => a * b, 1),
    0,
  )
