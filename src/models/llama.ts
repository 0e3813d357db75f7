import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import { KvCache } from '../nn/kv-cache'
import { Linear } from '../nn/linear'
import { Mlp } from '../nn/mlp'
import type { Packed } from '../nn/packed'
import { SelfAttention } from '../nn/self-attention'
import { embedding } from '../ops/embedding'
import { add } from '../ops/residual'
import { rmsNorm } from '../ops/rms-norm'
import { type RopeTable, ropeFrequencies, ropeTable } from '../ops/rope'
import type { Tape } from '../ops/tape'
import type { CausalNetwork, ForwardOptions } from './causal-network'
import type { LlamaConfig } from './llama-config'

interface Layer {
  readonly attentionNorm: Tensor
  readonly attention: SelfAttention
  readonly mlpNorm: Tensor
  readonly mlp: Mlp
}

/** Llama: pre-norm layers of rotary grouped attention and SwiGLU. https://arxiv.org/abs/2302.13971 */
export class Llama implements CausalNetwork {
  readonly architecture = 'llama'
  readonly head: Tensor
  readonly linears: readonly Linear[]
  readonly #layers: readonly Layer[]
  readonly #table: RopeTable

  /** @param weights those of `llamaWeightShapes`; disposed with the model */
  constructor(
    readonly gpu: Gpu,
    readonly config: LlamaConfig,
    readonly weights: ReadonlyMap<string, Tensor>,
  ) {
    const weight = (name: string) => weights.get(`${name}.weight`)!
    const linear = (path: string) => new Linear(path, weight(path))
    this.#layers = Array.from({ length: config.layers }, (_, l) => {
      const at = `model.layers.${l}`
      const [q, k, v, o] = (['q', 'k', 'v', 'o'] as const).map(x => linear(`${at}.self_attn.${x}_proj`))
      return {
        attentionNorm: weight(`${at}.input_layernorm`),
        attention: new SelfAttention(q!, k!, v!, o!, config.headSize),
        mlpNorm: weight(`${at}.post_attention_layernorm`),
        mlp: new Mlp(
          linear(`${at}.mlp.gate_proj`),
          linear(`${at}.mlp.up_proj`),
          linear(`${at}.mlp.down_proj`),
        ),
      }
    })
    this.linears = this.#layers.flatMap(({ attention: a, mlp }) => [
      a.q,
      a.k,
      a.v,
      a.o,
      mlp.gate,
      mlp.up,
      mlp.down,
    ])
    this.head = weight(config.tied ? 'model.embed_tokens' : 'lm_head')
    const frequencies = ropeFrequencies({ dimensions: config.headSize, theta: config.ropeTheta })
    this.#table = ropeTable(gpu, config.maxPositions, frequencies)
  }

  get vocabulary(): number {
    return this.config.vocabulary
  }

  get hidden(): number {
    return this.config.hidden
  }

  get maxPositions(): number {
    return this.config.maxPositions
  }

  forward(tape: Tape, packed: Packed, { adapter = null, cache = null }: ForwardOptions = {}): Tensor {
    const { normEps: eps } = this.config
    let x = embedding(tape, packed.ids, this.weights.get('model.embed_tokens.weight')!, packed.groups ?? null)
    this.#layers.forEach((layer, l) => {
      const before = x
      x = tape.block(() => {
        const normed = rmsNorm(tape, before, layer.attentionNorm, { eps })
        const options = { adapter, cache: cache?.layers[l] ?? null }
        const mixed = add(tape, before, layer.attention.forward(tape, normed, packed, this.#table, options))
        return add(
          tape,
          mixed,
          layer.mlp.forward(tape, rmsNorm(tape, mixed, layer.mlpNorm, { eps }), adapter),
        )
      })
      if (!tape.grad) tape.free(before)
    })
    return rmsNorm(tape, x, this.weights.get('model.norm.weight')!, { eps })
  }

  cache(slots: number): KvCache {
    return new KvCache(this.gpu, slots, this.config)
  }

  plan(gpu: Gpu): Llama {
    const shapes = [...this.weights].map(([name, { shape }]) => [name, gpu.empty(shape)] as const)
    return new Llama(gpu, this.config, new Map(shapes))
  }

  [Symbol.dispose](): void {
    for (const tensor of this.weights.values()) tensor[Symbol.dispose]()
    this.#table[Symbol.dispose]()
  }
}
