import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import { type PeftAdapter, PeftAdapterError, type PeftConfig } from '../io/peft-adapter'
import { counterHash } from '../losses/draw'
import type { CausalNetwork } from '../models/causal-network'
import type { LoraMap } from '../nn/linear'
import type { LoraFactors } from '../ops/lora'
import { TrainingError } from './errors'
import type { Arena, Parameter, Trainable } from './trainable'

export interface LoraOptions {
  /** R */
  readonly rank?: number
  /** The change is scaled by alpha / rank. Default: twice the rank. */
  readonly alpha?: number
  /** Last parts of the names of the layers to change. Default: every linear layer but the output projection. */
  readonly targets?: readonly string[]
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
  /** The one arena: transformers' `get_decay_parameter_names` leaves no factor out. */
  readonly arenas: readonly Arena[]

  private constructor(
    readonly network: CausalNetwork,
    readonly config: PeftConfig,
    initial: (name: string, shape: readonly [number, number]) => Float32Array,
  ) {
    const { gpu } = network
    const layers = network.linears.filter(({ path }) => matches(path, config.targetModules))
    if (config.targetModules.length === 0) throw new TrainingError('the adapter has no target layers')
    const missing = config.targetModules.filter(t => !layers.some(({ path }) => matches(path, [t])))
    if (missing.length > 0) {
      throw new TrainingError(
        `the model has no linear layer named ${missing.join(', ')}; it has ${kinds(network).join(', ')}`,
      )
    }
    const R = config.r
    const shapes = layers.flatMap(({ path, weight: { shape } }) => [
      { path, name: `${path}.lora_A.weight`, shape: [R, shape[1]!] as const },
      { path, name: `${path}.lora_B.weight`, shape: [shape[0]!, R] as const },
    ])
    const total = shapes.reduce((sum, { shape: [a, b] }) => sum + padded(a * b), 0)
    this.values = gpu.tensor([total])
    this.grads = gpu.zeros([total])
    this.arenas = [{ name: 'adapter', values: this.values, grads: this.grads, decays: true }]
    let begin = 0
    this.parameters = shapes.map(({ name, shape }) => {
      const end = begin + padded(shape[0] * shape[1])
      const part = (arena: Tensor) => window(arena, begin, shape)
      const parameter = { name, value: part(this.values), grad: part(this.grads) }
      try {
        gpu.write(parameter.value, initial(name, shape))
      } catch (error) {
        this[Symbol.dispose]()
        throw error
      }
      begin = end
      return parameter
    })
    const scale = config.useRslora ? config.loraAlpha / Math.sqrt(R) : config.loraAlpha / R
    const factors = new Map<string, LoraFactors>()
    for (let i = 0; i < shapes.length; i += 2) {
      const a = this.parameters[i]!.value
      const b = this.parameters[i + 1]!.value
      factors.set(shapes[i]!.path, { a, b, scale, stream: i / 2, magnitude: null })
    }
    this.map = factors
  }

  /**
   * A fresh adapter, which changes nothing: A uniform in ±1/√I as PEFT's, B zero.
   *
   * @throws {TrainingError} if a target is not a linear layer of the model, or rank or alpha make no sense
   */
  static create(network: CausalNetwork, options: LoraOptions = {}): LoraAdapter {
    const { rank = 16, alpha = 2 * rank, targets = kinds(network), seed = 0 } = options
    if (!Number.isInteger(rank) || rank < 1)
      throw new TrainingError(`LoRA rank is ${rank}, expected a positive integer`)
    if (!(alpha > 0)) throw new TrainingError(`LoRA alpha is ${alpha}, expected a positive number`)
    const config = { r: rank, loraAlpha: alpha, targetModules: targets, useRslora: false, baseModel: null }
    let parameter = 0
    return new LoraAdapter(network, config, (name, [rows, columns]) => {
      const id = parameter++
      const values = new Float32Array(rows * columns)
      if (name.endsWith('lora_B.weight')) return values
      const bound = 1 / Math.sqrt(columns)
      return values.map((_, i) => (counterHash(seed, id, i) / 2 ** 31 - 1) * bound)
    })
  }

  /**
   * The adapter in a PEFT folder.
   *
   * @throws {PeftAdapterError} if a tensor is missing, left over or of another shape than the model's layers ask for
   */
  static fromPeft(network: CausalNetwork, { config, tensors }: PeftAdapter): LoraAdapter {
    const left = new Set(tensors.keys())
    const adapter = new LoraAdapter(network, config, (name, shape) => {
      const tensor = tensors.get(PREFIX + name)
      if (!tensor)
        throw new PeftAdapterError(`the adapter lacks ${PREFIX}${name}, which the model has a layer for`)
      if (tensor.shape.join() !== shape.join()) {
        throw new PeftAdapterError(
          `${PREFIX}${name} has shape [${tensor.shape.join(', ')}], the model asks for [${shape.join(', ')}]`,
        )
      }
      left.delete(PREFIX + name)
      return tensor.data
    })
    const [extra] = left
    if (extra) {
      adapter[Symbol.dispose]()
      throw new PeftAdapterError(`the adapter holds ${extra}, which changes no layer of this model`)
    }
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
    return 0
  }

  get gpu(): Gpu {
    return this.network.gpu
  }

  [Symbol.dispose](): void {
    this.values[Symbol.dispose]()
    this.grads[Symbol.dispose]()
  }
}

/** A factor begins at a multiple of 256 bytes, as bindings must. */
const padded = (size: number) => Math.ceil(size / 64) * 64

const window = (arena: Tensor, begin: number, shape: readonly [number, number]): Tensor =>
  arena.rows(begin, begin + shape[0] * shape[1]).view(shape)

const matches = (path: string, targets: readonly string[]) =>
  targets.some(target => path === target || path.endsWith(`.${target}`))

/** The distinct last parts of a network's linear layers: q_proj, k_proj, … */
const kinds = (network: CausalNetwork) => [
  ...new Set(network.linears.map(({ path }) => path.split('.').at(-1)!)),
]
