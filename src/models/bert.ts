import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import { Linear } from '../nn/linear'
import { type Mlp, plainMlp } from '../nn/mlp'
import { layerNormLayer, type Norm } from '../nn/norm'
import type { Packed, PackedArrays } from '../nn/packed'
import { separate } from '../nn/projection'
import { SelfAttention } from '../nn/self-attention'
import { embedding } from '../ops/embedding'
import { add } from '../ops/residual'
import type { Tape } from '../ops/tape'
import { activations } from './activations'
import { type Architecture, vectorOf, type WeightSpec, type Weights } from './architecture'
import type { Config } from './config'
import { type EncoderNetwork, packWhole } from './encoder-network'
import { checkHeadSize } from './head-size'

interface BertConfig {
  /** V */
  readonly vocabulary: number
  /** C */
  readonly hidden: number
  /** F */
  readonly intermediate: number
  /** L */
  readonly layers: number
  /** D */
  readonly headSize: number
  readonly maxPositions: number
  /** Kinds of text that tokens may belong to, of which all here are the first. */
  readonly types: number
  readonly normEps: number
  readonly activation: (tape: Tape, x: Tensor) => Tensor
}

interface BertLayer {
  readonly attention: SelfAttention
  readonly mlp: Mlp
  /** Of the sum with what attention gives, and of that with what the feed-forward part gives. */
  readonly norms: readonly [Norm, Norm]
}

const alone = { changes: null, cache: null, prefix: null } as const

interface BertParts {
  readonly words: Linear['weight']
  readonly places: Linear['weight']
  readonly types: Linear['weight']
  readonly norm: Norm
  readonly layers: readonly BertLayer[]
}

/**
 * BERT, https://arxiv.org/abs/1810.04805: learned positions, layer norms after each sum, GELU; the encoder of MiniLM,
 * bge, gte and e5 in their small English kinds. Its pooler and the heads of its pretraining are left out.
 */
export const bert: Architecture<EncoderNetwork> = {
  modelType: 'bert',
  blueprint(config) {
    const c = read(config)
    return {
      weights: weightSpecs(c),
      prefix: 'bert.',
      ignored: /^(bert\.)?(embeddings\.position_ids$|pooler\.)|^cls\./,
      tied: null,
      build: (gpu, weights) => new Bert(gpu, c, weights),
    }
  },
}

function read(config: Config): BertConfig {
  config.only('position_embedding_type', undefined, 'absolute')
  config.only('is_decoder', undefined, false)
  config.only('add_cross_attention', undefined, false)
  const hidden = config.integer('hidden_size', 768)
  if (hidden % 4 !== 0) throw config.refuse('hidden_size', 'which is not a multiple of 4')
  const heads = config.integer('num_attention_heads', 12)
  if (hidden % heads !== 0) {
    throw config.refuse('num_attention_heads', `which does not divide hidden_size, ${hidden}`)
  }
  checkHeadSize(config, hidden / heads)
  return {
    vocabulary: config.integer('vocab_size', 30522),
    hidden,
    intermediate: config.integer('intermediate_size', 3072),
    layers: config.layers('num_hidden_layers', 12),
    headSize: hidden / heads,
    maxPositions: config.positions('max_position_embeddings', 512),
    types: config.integer('type_vocab_size', 2),
    normEps: config.positive('layer_norm_eps', 1e-12),
    activation: config.choice('hidden_act', activations, 'gelu'),
  }
}

function weightSpecs({ hidden: C, intermediate: F, ...c }: BertConfig): Map<string, WeightSpec> {
  const specs = new Map<string, WeightSpec>()
  const table = (name: string, rows: number) =>
    specs.set(`bert.embeddings.${name}_embeddings.weight`, { kind: 'embedding', shape: [rows, C] })
  const vector = (name: string, size: number) => specs.set(name, { kind: 'vector', shape: [size] })
  const norm = (path: string) => {
    vector(`${path}.LayerNorm.weight`, C)
    vector(`${path}.LayerNorm.bias`, C)
  }
  const linear = (path: string, O: number, I: number) => {
    specs.set(`${path}.weight`, { kind: 'linear', shape: [O, I] })
    vector(`${path}.bias`, O)
  }
  table('word', c.vocabulary)
  table('position', c.maxPositions)
  table('token_type', c.types)
  norm('bert.embeddings')
  for (let l = 0; l < c.layers; l++) {
    const at = `bert.encoder.layer.${l}`
    for (const part of ['query', 'key', 'value']) linear(`${at}.attention.self.${part}`, C, C)
    linear(`${at}.attention.output.dense`, C, C)
    norm(`${at}.attention.output`)
    linear(`${at}.intermediate.dense`, F, C)
    linear(`${at}.output.dense`, C, F)
    norm(`${at}.output`)
  }
  return specs
}

function parts(c: BertConfig, weights: Weights): BertParts {
  const table = (name: string) => weights.get(`bert.embeddings.${name}_embeddings.weight`)!
  const linear = (path: string) =>
    new Linear(path, weights.get(`${path}.weight`)!, vectorOf(weights, `${path}.bias`))
  const norm = (path: string) =>
    layerNormLayer(
      vectorOf(weights, `${path}.LayerNorm.weight`),
      vectorOf(weights, `${path}.LayerNorm.bias`),
      c.normEps,
    )
  const layers = Array.from({ length: c.layers }, (_, l) => {
    const at = `bert.encoder.layer.${l}`
    const [q, k, v] = ['query', 'key', 'value'].map(part => linear(`${at}.attention.self.${part}`))
    return {
      attention: new SelfAttention(
        separate(q!, k!, v!, c.headSize),
        linear(`${at}.attention.output.dense`),
        c,
      ),
      mlp: plainMlp(linear(`${at}.intermediate.dense`), linear(`${at}.output.dense`), c.activation),
      norms: [norm(`${at}.attention.output`), norm(`${at}.output`)] as const,
    }
  })
  return {
    words: table('word'),
    places: table('position'),
    types: table('token_type'),
    norm: norm('bert.embeddings'),
    layers,
  }
}

class Bert implements EncoderNetwork {
  readonly architecture = 'bert'
  readonly vocabulary: number
  readonly hidden: number
  readonly maxPositions: number
  readonly #parts: BertParts

  /** @param weights disposed with the network */
  constructor(
    readonly gpu: Gpu,
    config: BertConfig,
    readonly weights: Weights,
  ) {
    this.vocabulary = config.vocabulary
    this.hidden = config.hidden
    this.maxPositions = config.maxPositions
    this.#parts = parts(config, weights)
  }

  pack(sequences: readonly ArrayLike<number>[]): PackedArrays {
    return packWhole(sequences)
  }

  forward(tape: Tape, packed: Packed): Tensor {
    let x = tape.block(() => this.#embed(tape, packed))
    for (const { attention, mlp, norms } of this.#parts.layers) {
      const before = x
      x = tape.block(() => {
        const mixed = attention.forward(tape, before, packed, packed.ranges, alone)
        const between = norms[0](tape, add(tape, before, mixed))
        return norms[1](tape, add(tape, between, mlp.forward(tape, between, null)))
      })
      if (!tape.grad) tape.free(before)
    }
    return x
  }

  #embed(tape: Tape, { ids, positions, groups, positionGroups }: Packed): Tensor {
    const { words, places, types, norm } = this.#parts
    const first = tape.tensor(ids.shape, 'u32')
    tape.gpu.clear(first)
    const typed = add(tape, embedding(tape, ids, words, groups ?? null), embedding(tape, first, types, null))
    return norm(tape, add(tape, typed, embedding(tape, positions, places, positionGroups ?? null)))
  }

  [Symbol.dispose](): void {
    for (const weight of this.weights.values()) weight[Symbol.dispose]()
  }
}
