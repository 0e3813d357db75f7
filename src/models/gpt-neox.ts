import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import { Linear } from '../nn/linear'
import { plainMlp } from '../nn/mlp'
import { layerNormLayer } from '../nn/norm'
import { fused } from '../nn/projection'
import { SelfAttention } from '../nn/self-attention'
import { embedding } from '../ops/embedding'
import { ropeFrequencies, ropeTable } from '../ops/rope'
import type { Tape } from '../ops/tape'
import { activations } from './activations'
import { type Architecture, vectorOf, type WeightSpec, type Weights } from './architecture'
import { CausalDecoder, type DecoderParts, type DecoderShape } from './causal-decoder'
import type { Config, RopeConfig } from './config'
import { checkHeadSize } from './head-size'

interface GptNeoxConfig extends DecoderShape {
  readonly intermediate: number
  readonly normEps: number
  readonly tied: boolean
  readonly activation: (tape: Tape, x: Tensor) => Tensor
  /** Values of a head that are rotated. */
  readonly rotated: number
  readonly rope: RopeConfig
  /** Whether attention's layers have biases; the feed-forward part's always do. */
  readonly bias: boolean
  readonly parallel: boolean
}

/**
 * GPT-NeoX, https://arxiv.org/abs/2204.06745, and with it Pythia: attention and feed-forward part read the same
 * input, part of each head is rotated, queries, keys and values of a head lie together.
 */
export const gptNeox: Architecture = {
  modelType: 'gpt_neox',
  blueprint(config) {
    const c = read(config)
    return {
      weights: weightSpecs(c),
      prefix: 'gpt_neox.',
      ignored: /\.attention\.(masked_)?bias$|\.rotary_emb\.inv_freq$/,
      tied: c.tied ? { head: 'embed_out.weight', embedding: 'gpt_neox.embed_in.weight' } : null,
      build: (gpu, weights) => new CausalDecoder(gpu, c, weights, (on, held) => parts(c, on, held)),
    }
  },
}

function read(config: Config): GptNeoxConfig {
  const hidden = config.integer('hidden_size', 6144)
  if (hidden % 4 !== 0) throw config.refuse('hidden_size', 'which is not a multiple of 4')
  const heads = config.integer('num_attention_heads', 64)
  if (hidden % heads !== 0) {
    throw config.refuse('num_attention_heads', `which does not divide hidden_size, ${hidden}`)
  }
  const headSize = hidden / heads
  checkHeadSize(config, headSize)
  const maxPositions = config.positions('max_position_embeddings', 2048)
  const parameters = config.ropeParameters()
  const share = parameters.positive('partial_rotary_factor', config.positive('rotary_pct', 0.25))
  // As transformers rounds: towards zero.
  const rotated = Math.trunc(headSize * share)
  if (rotated > headSize || rotated < 2 || rotated % 2 !== 0) {
    throw config.refuse('rotary_pct', `which rotates ${rotated} of a head's ${headSize} values`)
  }
  return {
    architecture: 'gpt_neox',
    vocabulary: config.integer('vocab_size', 50432),
    hidden,
    intermediate: config.integer('intermediate_size', 24576),
    layers: config.layers('num_hidden_layers', 44),
    kvHeads: heads,
    headSize,
    maxPositions,
    normEps: config.positive('layer_norm_eps', 1e-5),
    tied: config.boolean('tie_word_embeddings', false),
    activation: config.choice('hidden_act', activations, 'gelu'),
    rotated,
    rope: parameters.scaling(config.positive('rotary_emb_base', 10000), maxPositions),
    bias: config.boolean('attention_bias', true),
    parallel: config.boolean('use_parallel_residual', true),
  }
}

function weightSpecs({ hidden: C, intermediate: F, ...c }: GptNeoxConfig): Map<string, WeightSpec> {
  const specs = new Map<string, WeightSpec>([
    ['gpt_neox.embed_in.weight', { kind: 'embedding', shape: [c.vocabulary, C] }],
  ])
  const vector = (name: string, size: number) => specs.set(name, { kind: 'vector', shape: [size] })
  const norm = (path: string) => {
    vector(`${path}.weight`, C)
    vector(`${path}.bias`, C)
  }
  const linear = (path: string, O: number, I: number, bias = true) => {
    specs.set(`${path}.weight`, { kind: 'linear', shape: [O, I] })
    if (bias) vector(`${path}.bias`, O)
  }
  for (let l = 0; l < c.layers; l++) {
    const at = `gpt_neox.layers.${l}`
    norm(`${at}.input_layernorm`)
    norm(`${at}.post_attention_layernorm`)
    linear(`${at}.attention.query_key_value`, 3 * C, C, c.bias)
    linear(`${at}.attention.dense`, C, C, c.bias)
    linear(`${at}.mlp.dense_h_to_4h`, F, C)
    linear(`${at}.mlp.dense_4h_to_h`, C, F)
  }
  norm('gpt_neox.final_layer_norm')
  if (!c.tied) specs.set('embed_out.weight', { kind: 'embedding', shape: [c.vocabulary, C] })
  return specs
}

function parts(c: GptNeoxConfig, gpu: Gpu, weights: Weights): DecoderParts {
  const bias = (path: string) => (weights.has(`${path}.bias`) ? vectorOf(weights, `${path}.bias`) : null)
  const linear = (path: string) => new Linear(path, weights.get(`${path}.weight`)!, bias(path))
  const norm = (path: string) =>
    layerNormLayer(vectorOf(weights, `${path}.weight`), vectorOf(weights, `${path}.bias`), c.normEps)
  const frequencies = ropeFrequencies({ ...c.rope, dimensions: c.rotated })
  const rotary = ropeTable(gpu, c.maxPositions, frequencies, { scale: c.rope.scale })
  const layers = Array.from({ length: c.layers }, (_, l) => {
    const at = `gpt_neox.layers.${l}`
    const projection = fused(linear(`${at}.attention.query_key_value`), c.headSize, { interleaved: true })
    return {
      attention: new SelfAttention(projection, linear(`${at}.attention.dense`), {
        headSize: c.headSize,
        rotary,
      }),
      mlp: plainMlp(linear(`${at}.mlp.dense_h_to_4h`), linear(`${at}.mlp.dense_4h_to_h`), c.activation),
      norms: [norm(`${at}.input_layernorm`), norm(`${at}.post_attention_layernorm`)] as const,
      parallel: c.parallel,
      window: null,
    }
  })
  const tokens = weights.get('gpt_neox.embed_in.weight')!
  return {
    embed: (tape, { ids, groups }) => embedding(tape, ids, tokens, groups ?? null),
    layers,
    finalNorm: norm('gpt_neox.final_layer_norm'),
    head: c.tied ? tokens : weights.get('embed_out.weight')!,
    tables: [rotary],
  }
}
