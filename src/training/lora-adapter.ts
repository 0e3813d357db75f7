import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import { type PeftAdapter, PeftAdapterError, type PeftConfig } from '../io/peft-adapter'
import { counterHash } from '../losses/draw'
import type { CausalNetwork } from '../models/causal-network'
import type { LoraMap } from '../nn/linear'
import { changedNorms } from '../ops/dora'
import type { LoraFactors } from '../ops/lora'
import { TrainingError } from './errors'
import { checkPatterns, kindsOf, loraLayers } from './lora-layers'
import type { Arena, Parameter, Trainable } from './trainable'

export interface LoraOptions {
  /** R */
  readonly rank?: number
  /** The change is scaled by alpha / rank. Default: twice the rank. */
  readonly alpha?: number
  /** Scales by alpha / √rank instead. https://arxiv.org/abs/2312.03732 */
  readonly rslora?: boolean
  /** Trains the lengths of the changed weights' rows apart from their directions. https://arxiv.org/abs/2402.09353 */
  readonly dora?: boolean
  /** Share of the inputs that the adapter does not see in training, from 0 to below 1. */
  readonly dropout?: number
  /** Last parts of the names of the layers to change. Default: every linear layer but the output projection. */
  readonly targets?: 'all-linear' | readonly string[]
  /** Other ranks for single layers, by the last parts of their names; the first that fits counts. */
  readonly rankPattern?: Readonly<Record<string, number>>
  /** Other alphas for single layers. */
  readonly alphaPattern?: Readonly<Record<string, number>>
  readonly seed?: number
}

const PREFIX = 'base_model.model.'

/**
 * Low-rank changes to a network's linear layers, with their gradients. All values lie in one arena, all
 * gradients in another, so that the optimizer is one dispatch.
 */
export class LoraAdapter implements Trainable {
  /** All values, [N]. */
  readonly values: Tensor
  /** ∂loss/∂values, [N], summed since it was last cleared. */
  readonly grads: Tensor
  /** Factors by layer path. */
  readonly map: LoraMap
  /** Each factor with its part of the gradients. */
  readonly parameters: readonly Parameter[]
  /** The one arena: transformers' `get_decay_parameter_names` leaves no factor out, and no magnitude. */
  readonly arenas: readonly Arena[]

  /** With zeros for values. */
  private constructor(
    readonly network: CausalNetwork,
    readonly config: PeftConfig,
  ) {
    const { gpu } = network
    const layers = loraLayers(network, config)
    const sizes = layers.flatMap(({ shapes }) => shapes.map(([, shape]) => sizeOf(shape)))
    const total = sizes.reduce((sum, size) => sum + padded(size), 0)
    this.values = gpu.zeros([total])
    this.grads = gpu.zeros([total])
    this.arenas = [{ name: 'adapter', values: this.values, grads: this.grads, decays: true }]
    let begin = 0
    const parameter = ([name, shape]: readonly [string, readonly number[]]): Parameter => {
      const end = begin + sizeOf(shape)
      const part = (arena: Tensor) => arena.rows(begin, end).view(shape)
      const made = { name, value: part(this.values), grad: part(this.grads) }
      begin += padded(sizeOf(shape))
      return made
    }
    const map = new Map<string, LoraFactors>()
    this.parameters = layers.flatMap(({ linear, stream, scale, shapes }) => {
      const made = shapes.map(parameter)
      const [a, b, magnitude] = made.map(({ value }) => value)
      map.set(linear.path, { a: a!, b: b!, scale, stream, magnitude: magnitude ?? null })
      return made
    })
    this.map = map
  }

  /**
   * A fresh adapter, which changes nothing: A uniform in ±1/√I as PEFT's, B zero, magnitudes the lengths of the rows.
   *
   * @throws {TrainingError} if a target or pattern names no linear layer of the model, or an option makes no sense
   */
  static create(network: CausalNetwork, options: LoraOptions = {}): LoraAdapter {
    const config = configOf(network, options)
    checkPatterns(config, loraLayers(network, config))
    const adapter = new LoraAdapter(network, config)
    const { gpu } = network
    let layer = 0
    for (const { weight, path } of network.linears) {
      const factors = adapter.map.get(path)
      if (!factors) continue
      const [, columns = 0] = factors.a.shape
      const bound = 1 / Math.sqrt(columns)
      const id = 2 * layer++
      const values = new Float32Array(factors.a.size)
      gpu.write(
        factors.a,
        values.map((_, i) => (counterHash(options.seed ?? 0, id, i) / 2 ** 31 - 1) * bound),
      )
      if (!factors.magnitude) continue
      // A kernel cannot write to memory that it reads, and the arena is one.
      using norm = gpu.empty(factors.magnitude.shape)
      changedNorms(gpu, weight, factors, norm)
      gpu.copy(norm, factors.magnitude)
    }
    return adapter
  }

  /**
   * The adapter in a PEFT folder, to use or to train on.
   *
   * @throws {PeftAdapterError} if a tensor is missing, left over or of another shape than the model's layers ask for
   */
  static fromPeft(network: CausalNetwork, { config, tensors }: PeftAdapter): LoraAdapter {
    const adapter = new LoraAdapter(network, config)
    try {
      const left = new Set(tensors.keys())
      for (const { name, value } of adapter.parameters) {
        const tensor = tensors.get(PREFIX + name)
        if (!tensor)
          throw new PeftAdapterError(`the adapter lacks ${PREFIX}${name}, which the model has a layer for`)
        if (tensor.shape.join() !== value.shape.join()) {
          throw new PeftAdapterError(
            `${PREFIX}${name} has shape [${tensor.shape.join(', ')}], the model asks for [${value.shape.join(', ')}]`,
          )
        }
        left.delete(PREFIX + name)
        network.gpu.write(value, tensor.data)
      }
      const [extra] = left
      if (extra)
        throw new PeftAdapterError(`the adapter holds ${extra}, which changes no layer of this model`)
      return adapter
    } catch (error) {
      adapter[Symbol.dispose]()
      throw error
    }
  }

  /** The same adapter in memory of its own: what a model was before it is trained on. */
  copy(): LoraAdapter {
    const adapter = new LoraAdapter(this.network, this.config)
    this.gpu.copy(this.values, adapter.values)
    return adapter
  }

  /** The present values as a PEFT adapter. */
  async toPeft(baseModel: string | null = null): Promise<PeftAdapter> {
    const values = await this.network.gpu.read(this.values)
    const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>()
    for (const { name, value } of this.parameters) {
      const begin = (value.offset - this.values.offset) / 4
      tensors.set(PREFIX + name, { shape: value.shape, data: values.slice(begin, begin + value.size) })
    }
    return { config: { ...this.config, baseModel }, tensors }
  }

  /** Number of trained values, without the padding between them. */
  get size(): number {
    return this.parameters.reduce((sum, { value }) => sum + value.size, 0)
  }

  get dropout(): number {
    return this.config.loraDropout
  }

  get trainsEmbedding(): boolean {
    return false
  }

  get gpu(): Gpu {
    return this.network.gpu
  }

  [Symbol.dispose](): void {
    this.values[Symbol.dispose]()
    this.grads[Symbol.dispose]()
  }
}

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)

/** A factor begins at a multiple of 256 bytes, as bindings must. */
const padded = (size: number) => Math.ceil(size / 64) * 64

function configOf(network: CausalNetwork, options: LoraOptions): PeftConfig {
  const { rank = 16, alpha = 2 * rank, dropout = 0, targets = 'all-linear' } = options
  const { rankPattern = {}, alphaPattern = {} } = options
  for (const value of [rank, ...Object.values(rankPattern)]) {
    if (!Number.isInteger(value) || value < 1)
      throw new TrainingError(`LoRA rank is ${value}, expected a positive integer`)
  }
  for (const value of [alpha, ...Object.values(alphaPattern)]) {
    if (!(value > 0) || !Number.isFinite(value))
      throw new TrainingError(`LoRA alpha is ${value}, expected a positive number`)
  }
  if (!(dropout >= 0 && dropout < 1))
    throw new TrainingError(`LoRA dropout is ${dropout}, expected 0 to below 1`)
  return {
    r: rank,
    loraAlpha: alpha,
    targetModules: targets === 'all-linear' ? kindsOf(network) : targets,
    useRslora: options.rslora ?? false,
    useDora: options.dora ?? false,
    loraDropout: dropout,
    rankPattern,
    alphaPattern,
    baseModel: null,
  }
}
