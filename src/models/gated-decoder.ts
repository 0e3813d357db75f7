import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import { Linear } from '../nn/linear'
import { gatedMlp } from '../nn/mlp'
import { rmsNormLayer } from '../nn/norm'
import { separate } from '../nn/projection'
import { SelfAttention } from '../nn/self-attention'
import { embedding } from '../ops/embedding'
import type { RopeTable } from '../ops/rope'
import { ropeFrequencies, ropeTable } from '../ops/rope'
import { swiglu } from '../ops/swiglu'
import type { Tape } from '../ops/tape'
import { type Blueprint, vectorOf, type WeightSpec, type Weights } from './architecture'
import { CausalDecoder, type DecoderParts } from './causal-decoder'
import type { Config, RopeConfig } from './config'
import { ModelError } from './errors'
import { checkHeadSize } from './head-size'

/** A kind of layer: what it sees, and how its positions turn. */
export interface LayerKind {
  /** How many tokens a token sees, itself among them; null for all before it. */
  readonly window: number | null
  readonly rope: RopeConfig
}

/** A decoder of RMS norms, rotary attention and gated feed-forward parts: Llama and its descendants. */
export interface GatedDecoderConfig {
  readonly architecture: string
  /** V */
  readonly vocabulary: number
  /** C */
  readonly hidden: number
  /** F */
  readonly intermediate: number
  /** L */
  readonly layers: number
  /** H */
  readonly heads: number
  /** G */
  readonly kvHeads: number
  /** D */
  readonly headSize: number
  readonly maxPositions: number
  readonly normEps: number
  /** Whether the output projection is the embedding. */
  readonly tied: boolean
  readonly kinds: readonly LayerKind[]
  /** Which of the kinds layer l is. */
  readonly kindOf: (l: number) => number
  readonly biases: { readonly qkv: boolean; readonly output: boolean; readonly mlp: boolean }
  /** Whether each head of queries and keys is normalized. */
  readonly headNorms: boolean
  readonly activation: (tape: Tape, gate: Tensor, up: Tensor) => Tensor
  /** Factor of the products of queries and keys. */
  readonly attentionScale: number
  readonly embeddingScale: number
  /** What is added to the weights of norms. */
  readonly normOffset: number
  /** Whether what attention and the feed-forward part give is normalized too. */
  readonly sandwich: boolean
}

/** The fields that all these configs have under the same names, with Llama's answer to those that only some have. */
export function readGatedDecoder(config: Config, architecture: string): GatedDecoderConfig {
  const hidden = config.integer('hidden_size')
  if (hidden % 4 !== 0) throw config.refuse('hidden_size', 'which is not a multiple of 4')
  const heads = config.integer('num_attention_heads')
  const kvHeads = config.integer('num_key_value_heads', heads)
  const headSize = config.integer('head_dim', hidden / heads)
  if (heads % kvHeads !== 0) {
    throw new ModelError(
      `${config.name}: config.json: ${heads} attention heads are not a multiple of ${kvHeads} key-value heads`,
    )
  }
  checkHeadSize(config, headSize)
  const maxPositions = config.positions('max_position_embeddings', 2048)
  return {
    architecture,
    vocabulary: config.integer('vocab_size'),
    hidden,
    intermediate: config.integer('intermediate_size'),
    layers: config.layers('num_hidden_layers'),
    heads,
    kvHeads,
    headSize,
    maxPositions,
    normEps: config.positive('rms_norm_eps', 1e-6),
    tied: config.boolean('tie_word_embeddings', false),
    kinds: [{ window: null, rope: config.rope(maxPositions) }],
    kindOf: () => 0,
    biases: { qkv: false, output: false, mlp: false },
    headNorms: false,
    activation: swiglu,
    attentionScale: 1 / Math.sqrt(headSize),
    embeddingScale: 1,
    normOffset: 0,
    sandwich: false,
  }
}

/** Names and shapes of the weights, as in Hugging Face's files. */
function weightSpecs(c: GatedDecoderConfig): Map<string, WeightSpec> {
  const specs = new Map<string, WeightSpec>()
  const vector = (name: string, size: number) => specs.set(name, { kind: 'vector', shape: [size] })
  const linear = (path: string, O: number, I: number, bias: boolean) => {
    specs.set(`${path}.weight`, { kind: 'linear', shape: [O, I] })
    if (bias) vector(`${path}.bias`, O)
  }
  const { hidden: C, intermediate: F, headSize: D, biases } = c
  specs.set('model.embed_tokens.weight', { kind: 'embedding', shape: [c.vocabulary, C] })
  for (let l = 0; l < c.layers; l++) {
    const at = `model.layers.${l}`
    vector(`${at}.input_layernorm.weight`, C)
    linear(`${at}.self_attn.q_proj`, c.heads * D, C, biases.qkv)
    linear(`${at}.self_attn.k_proj`, c.kvHeads * D, C, biases.qkv)
    linear(`${at}.self_attn.v_proj`, c.kvHeads * D, C, biases.qkv)
    linear(`${at}.self_attn.o_proj`, C, c.heads * D, biases.output)
    if (c.headNorms) {
      vector(`${at}.self_attn.q_norm.weight`, D)
      vector(`${at}.self_attn.k_norm.weight`, D)
    }
    vector(`${at}.post_attention_layernorm.weight`, C)
    if (c.sandwich) {
      vector(`${at}.pre_feedforward_layernorm.weight`, C)
      vector(`${at}.post_feedforward_layernorm.weight`, C)
    }
    linear(`${at}.mlp.gate_proj`, F, C, biases.mlp)
    linear(`${at}.mlp.up_proj`, F, C, biases.mlp)
    linear(`${at}.mlp.down_proj`, C, F, biases.mlp)
  }
  vector('model.norm.weight', C)
  if (!c.tied) specs.set('lm_head.weight', { kind: 'embedding', shape: [c.vocabulary, C] })
  return specs
}

function parts(c: GatedDecoderConfig, gpu: Gpu, weights: Weights): DecoderParts {
  const linear = (path: string) =>
    new Linear(
      path,
      weights.get(`${path}.weight`)!,
      weights.has(`${path}.bias`) ? vectorOf(weights, `${path}.bias`) : null,
    )
  const norm = (path: string) => rmsNormLayer(vectorOf(weights, `${path}.weight`), c.normEps, c.normOffset)
  const tables: RopeTable[] = []
  for (const { rope } of c.kinds) {
    const frequencies = ropeFrequencies({ ...rope, dimensions: c.headSize })
    tables.push(ropeTable(gpu, c.maxPositions, frequencies, { scale: rope.scale }))
  }
  const layers = Array.from({ length: c.layers }, (_, l) => {
    const at = `model.layers.${l}`
    const kind = c.kindOf(l)
    const [q, k, v, o] = (['q', 'k', 'v', 'o'] as const).map(x => linear(`${at}.self_attn.${x}_proj`))
    const [gate, up, down] = (['gate', 'up', 'down'] as const).map(x => linear(`${at}.mlp.${x}_proj`))
    const attention = new SelfAttention(separate(q!, k!, v!, c.headSize), o!, {
      headSize: c.headSize,
      scale: c.attentionScale,
      rotary: tables[kind]!,
      headNorms: c.headNorms
        ? { q: norm(`${at}.self_attn.q_norm`), k: norm(`${at}.self_attn.k_norm`) }
        : null,
    })
    const between = norm(`${at}.post_attention_layernorm`)
    return {
      attention,
      mlp: gatedMlp(gate!, up!, down!, c.activation),
      window: c.kinds[kind]!.window,
      // With norms after the parts, the one that is named for its place after attention is such a one.
      ...(c.sandwich
        ? {
            norms: [norm(`${at}.input_layernorm`), norm(`${at}.pre_feedforward_layernorm`)] as const,
            afterNorms: [between, norm(`${at}.post_feedforward_layernorm`)] as const,
          }
        : { norms: [norm(`${at}.input_layernorm`), between] as const }),
    }
  })
  const table = weights.get('model.embed_tokens.weight')!
  return {
    embed: (tape, { ids, groups }) =>
      embedding(tape, ids, table, groups ?? null, { scale: c.embeddingScale }),
    layers,
    finalNorm: norm('model.norm'),
    head: c.tied ? table : weights.get('lm_head.weight')!,
    tables,
  }
}

/** What a config asks for. */
export const gatedDecoder = (c: GatedDecoderConfig): Blueprint<CausalDecoder> => ({
  weights: weightSpecs(c),
  prefix: 'model.',
  ignored: /\.rotary_emb\.inv_freq$/,
  tied: c.tied ? { head: 'lm_head.weight', embedding: 'model.embed_tokens.weight' } : null,
  build: (gpu, weights) => new CausalDecoder(gpu, c, weights, (on, held) => parts(c, on, held)),
})
