import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import { KvCache } from '../nn/kv-cache'
import type { Linear } from '../nn/linear'
import type { Mlp } from '../nn/mlp'
import type { Norm } from '../nn/norm'
import type { Packed } from '../nn/packed'
import type { SelfAttention } from '../nn/self-attention'
import { addEmbeddingNoise } from '../ops/embedding-noise'
import { emptyLike, type Weight } from '../ops/matrix'
import { add } from '../ops/residual'
import type { Tape } from '../ops/tape'
import { windowRanges } from '../ops/window-ranges'
import type { Weights } from './architecture'
import type { CausalNetwork, ForwardOptions } from './causal-network'

export interface DecoderLayer {
  readonly attention: SelfAttention
  readonly mlp: Mlp
  /** Before attention, and before the feed-forward part. */
  readonly norms: readonly [Norm, Norm]
  /** Of what attention and the feed-forward part give, before it is added. */
  readonly afterNorms?: readonly [Norm, Norm]
  /** Whether both parts read the layer's input, as in GPT-NeoX. */
  readonly parallel?: boolean
  /** How many tokens a token sees, itself among them; null for all before it. */
  readonly window: number | null
}

export interface DecoderParts {
  /** Embeds tokens: [T, C]. */
  embed(tape: Tape, packed: Packed): Tensor
  readonly layers: readonly DecoderLayer[]
  readonly finalNorm: Norm
  readonly head: Weight
  /** What else is disposed with the network. */
  readonly tables: readonly Disposable[]
}

/** What must be known of a decoder without its weights. */
export interface DecoderShape {
  readonly architecture: string
  /** V */
  readonly vocabulary: number
  /** C */
  readonly hidden: number
  /** L */
  readonly layers: number
  /** G */
  readonly kvHeads: number
  /** D */
  readonly headSize: number
  readonly maxPositions: number
}

/** A causal language model: an embedding, layers of attention and feed-forward parts, a norm, an output projection. */
export class CausalDecoder implements CausalNetwork {
  readonly linears: readonly Linear[]
  readonly #parts: DecoderParts

  /** @param weights disposed with the network */
  constructor(
    readonly gpu: Gpu,
    readonly shape: DecoderShape,
    readonly weights: Weights,
    private readonly build: (gpu: Gpu, weights: Weights) => DecoderParts,
  ) {
    this.#parts = build(gpu, weights)
    this.linears = this.#parts.layers.flatMap(({ attention, mlp }) => [...attention.linears, ...mlp.linears])
  }

  get architecture(): string {
    return this.shape.architecture
  }

  get vocabulary(): number {
    return this.shape.vocabulary
  }

  get hidden(): number {
    return this.shape.hidden
  }

  get maxPositions(): number {
    return this.shape.maxPositions
  }

  get window(): number {
    return Math.min(...this.#parts.layers.map(({ window }) => window ?? Number.POSITIVE_INFINITY))
  }

  get head(): Weight {
    return this.#parts.head
  }

  forward(tape: Tape, packed: Packed, options: ForwardOptions = {}): Tensor {
    const { adapter = null, dropout = null, noise = null, cache, prefix, recompute = false } = options
    const { embed, layers, finalNorm } = this.#parts
    const changes = adapter && { map: adapter, dropout }
    const windowed = new Map<number, Tensor>()
    for (const { window } of layers) {
      if (window === null || windowed.has(window)) continue
      windowed.set(window, windowRanges(tape, packed.ranges, window))
    }
    let x = embed(tape, packed)
    if (noise) addEmbeddingNoise(this.gpu, noise, x)
    layers.forEach((layer, l) => {
      const before = x
      const ranges = layer.window === null ? packed.ranges : windowed.get(layer.window)!
      const kept = { cache: cache?.layers[l] ?? null, prefix: prefix?.layers[l] ?? null }
      const run = (on: Tape) => layerForward(on, layer, before, packed, ranges, { changes, ...kept })
      x = recompute ? tape.recomputed(before, run) : tape.block(() => run(tape))
      if (!tape.grad) tape.free(before)
    })
    if (!tape.grad) for (const ranges of windowed.values()) tape.free(ranges)
    return finalNorm(tape, x)
  }

  cache(slots: number): KvCache {
    return new KvCache(this.gpu, slots, this.shape)
  }

  plan(gpu: Gpu): CausalDecoder {
    const weights = new Map([...this.weights].map(([name, weight]) => [name, emptyLike(gpu, weight)]))
    return new CausalDecoder(gpu, this.shape, weights, this.build)
  }

  [Symbol.dispose](): void {
    for (const weight of this.weights.values()) weight[Symbol.dispose]()
    for (const table of this.#parts.tables) table[Symbol.dispose]()
  }
}

function layerForward(
  tape: Tape,
  { attention, mlp, norms, afterNorms, parallel }: DecoderLayer,
  x: Tensor,
  packed: Packed,
  ranges: Tensor,
  options: Parameters<SelfAttention['forward']>[4],
): Tensor {
  const after = (n: 0 | 1, y: Tensor) => afterNorms?.[n](tape, y) ?? y
  const attended = attention.forward(tape, norms[0](tape, x), packed, ranges, options)
  const mixed = add(tape, x, after(0, attended))
  const thought = mlp.forward(tape, norms[1](tape, parallel ? x : mixed), options.changes)
  return add(tape, mixed, after(1, thought))
}
