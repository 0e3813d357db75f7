import { adjacentTensors, inMemoryOrder, joined } from '../gpu/adjacent-tensors'
import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import { isNamed } from '../io/peft-config'
import type { CausalNetwork } from '../models/causal-network'
import { f32 } from '../ops/format-f32'
import { type Shard, shardsOf, type Weight } from '../ops/matrix'
import { TrainingError } from './errors'
import type { Parameter, Trainable } from './trainable'

export interface FullWeightsOptions {
  /**
   * The modules whose weights and biases are trained, by the last parts of their names: `q_proj`, `input_layernorm`,
   * `layers.1.mlp.up_proj`. Default: all.
   */
  readonly targets?: 'all' | readonly string[]
  /** Whether the embedding, learned positions and the output projection are trained too. Default: true. */
  readonly trainEmbedding?: boolean
}

/** Output projections that are no embedding, by the names they have in Hugging Face's files. */
const HEAD = /^(lm_head|embed_out)\.weight$/

/**
 * The network's own weights, to be trained: each is a parameter with a gradient of its own, so training takes four
 * times the weights' memory with AdamW. They are changed in place; disposing this frees the gradients alone. A tied
 * output projection is trained as the embedding that it is. Biases and norms do not decay, as in transformers.
 * Gradients lie one after the other as the weights of a loaded model do, so that an optimizer needs few dispatches.
 *
 * @throws {TrainingError} for a weight that is not stored as f32, and for a target that the model does not have
 */
export function fullWeights(network: CausalNetwork, options: FullWeightsOptions = {}): Trainable {
  const { targets = 'all', trainEmbedding = true } = options
  const linears = new Set<Weight>(network.linears.map(({ weight }) => weight))
  const isTable = (weight: Weight) => weight.shape.length === 2 && !linears.has(weight)
  const allowed = [...network.weights].filter(([, weight]) => trainEmbedding || !isTable(weight))
  const chosen = targets === 'all' ? allowed : targeted(allowed, targets)
  const parts = chosen.flatMap(([name, weight]) =>
    shardsOf(weight).map((shard, k) => ({ shard, weight, name: k === 0 ? name : `${name}#${k}` })),
  )
  for (const { name, shard } of parts) checkStored(name, shard)

  const { gpu } = network
  const grads = gradientsOf(
    gpu,
    parts.map(({ shard }) => shard.values),
  )
  const parameters: Parameter[] = parts.map(({ name, shard: { values } }) => ({
    ...{ name, value: values },
    grad: grads.get(values)!,
  }))
  const free = () => {
    for (const grad of grads.values()) grad[Symbol.dispose]()
  }
  return {
    gpu,
    network,
    map: null,
    parameters,
    arenas: parameters.map(({ name, value, grad }) => ({
      name,
      values: value.view([value.size]),
      grads: grad.view([grad.size]),
      // The vectors of these models are biases and the weights of norms.
      decays: value.shape.length > 1,
    })),
    size: parameters.reduce((sum, { value }) => sum + value.size, 0),
    dropout: 0,
    trainsEmbedding: chosen.some(([name, weight]) => isTable(weight) && !HEAD.test(name)),
    [Symbol.dispose]: free,
  }
}

/** Gradients of zeros, in the order in which the values lie in memory: where those follow each other, these do too. */
function gradientsOf(gpu: Gpu, values: readonly Tensor[]): ReadonlyMap<Tensor, Tensor> {
  const ordered = inMemoryOrder(values, own => own)
  const tensors = adjacentTensors(gpu, ordered)
  for (const tensor of joined(tensors)) gpu.clear(tensor)
  return new Map(ordered.map((value, k) => [value, tensors[k]!]))
}

type Named = readonly [name: string, weight: Weight]

function targeted(weights: readonly Named[], targets: readonly string[]): readonly Named[] {
  const moduleOf = (name: string) => name.replace(/\.(weight|bias)$/, '')
  const means = (target: string) => (entry: Named) => isNamed(moduleOf(entry[0]), target)
  if (targets.length === 0) throw new TrainingError('there are no target weights to train')
  const missing = targets.filter(target => !weights.some(means(target)))
  if (missing.length > 0) {
    const kinds = new Set(weights.map(([name]) => moduleOf(name).split('.').at(-1)!))
    throw new TrainingError(
      `the model has no weights to train named ${missing.join(', ')}; it has ${[...kinds].join(', ')}`,
    )
  }
  return weights.filter(entry => targets.some(target => means(target)(entry)))
}

function checkStored(name: string, { format }: Shard): void {
  if (format === f32) return
  throw new TrainingError(
    `${name} is stored as ${format.name}, and only f32 weights are trained. Load the model with storage: f32, or train a LoRA adapter`,
  )
}
