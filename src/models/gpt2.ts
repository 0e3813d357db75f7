import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import { Linear } from '../nn/linear'
import { plainMlp } from '../nn/mlp'
import { layerNormLayer } from '../nn/norm'
import { fused } from '../nn/projection'
import { SelfAttention } from '../nn/self-attention'
import { embedding } from '../ops/embedding'
import { add } from '../ops/residual'
import type { Tape } from '../ops/tape'
import { activations } from './activations'
import { type Architecture, vectorOf, type WeightSpec, type Weights } from './architecture'
import { CausalDecoder, type DecoderParts, type DecoderShape } from './causal-decoder'
import type { Config } from './config'
import { checkHeadSize } from './head-size'

interface Gpt2Config extends DecoderShape {
  readonly intermediate: number
  readonly normEps: number
  readonly tied: boolean
  readonly activation: (tape: Tape, x: Tensor) => Tensor
  /** Whether products of queries and keys are divided by √D. */
  readonly scaled: boolean
}

/**
 * GPT-2, https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf:
 * layer norms, learned positions, GELU, one layer for queries, keys and values. Its files have layers as [I, O].
 */
export const gpt2: Architecture = {
  modelType: 'gpt2',
  blueprint(config) {
    const c = read(config)
    return {
      weights: weightSpecs(c),
      prefix: 'transformer.',
      ignored: /\.attn\.(masked_)?bias$/,
      tied: c.tied ? { head: 'lm_head.weight', embedding: 'transformer.wte.weight' } : null,
      build: (gpu, weights) => new CausalDecoder(gpu, c, weights, (on, held) => parts(c, on, held)),
    }
  },
}

function read(config: Config): Gpt2Config {
  config.only('scale_attn_by_inverse_layer_idx', undefined, false)
  config.only('add_cross_attention', undefined, false)
  // Only the order of half-precision rounding depends on it.
  config.boolean('reorder_and_upcast_attn', false)
  const hidden = config.integer('n_embd', 768)
  if (hidden % 4 !== 0) throw config.refuse('n_embd', 'which is not a multiple of 4')
  const heads = config.integer('n_head', 12)
  if (hidden % heads !== 0) throw config.refuse('n_head', `which does not divide n_embd, ${hidden}`)
  checkHeadSize(config, hidden / heads)
  return {
    architecture: 'gpt2',
    vocabulary: config.integer('vocab_size', 50257),
    hidden,
    intermediate: config.integer('n_inner', 4 * hidden),
    layers: config.layers('n_layer', 12),
    kvHeads: heads,
    headSize: hidden / heads,
    maxPositions: config.positions('n_positions', 1024),
    normEps: config.positive('layer_norm_epsilon', 1e-5),
    tied: config.boolean('tie_word_embeddings', true),
    activation: config.choice('activation_function', activations, 'gelu_new'),
    scaled: config.boolean('scale_attn_weights', true),
  }
}

function weightSpecs({ hidden: C, intermediate: F, ...c }: Gpt2Config): Map<string, WeightSpec> {
  const specs = new Map<string, WeightSpec>([
    ['transformer.wte.weight', { kind: 'embedding', shape: [c.vocabulary, C] }],
    ['transformer.wpe.weight', { kind: 'embedding', shape: [c.maxPositions, C] }],
  ])
  const vector = (name: string, size: number) => specs.set(name, { kind: 'vector', shape: [size] })
  const norm = (path: string) => {
    vector(`${path}.weight`, C)
    vector(`${path}.bias`, C)
  }
  const linear = (path: string, O: number, I: number) => {
    specs.set(`${path}.weight`, { kind: 'linear', shape: [O, I], transposed: true })
    vector(`${path}.bias`, O)
  }
  for (let l = 0; l < c.layers; l++) {
    const at = `transformer.h.${l}`
    norm(`${at}.ln_1`)
    linear(`${at}.attn.c_attn`, 3 * C, C)
    linear(`${at}.attn.c_proj`, C, C)
    norm(`${at}.ln_2`)
    linear(`${at}.mlp.c_fc`, F, C)
    linear(`${at}.mlp.c_proj`, C, F)
  }
  norm('transformer.ln_f')
  if (!c.tied) specs.set('lm_head.weight', { kind: 'embedding', shape: [c.vocabulary, C] })
  return specs
}

function parts(c: Gpt2Config, _gpu: Gpu, weights: Weights): DecoderParts {
  const linear = (path: string) =>
    new Linear(path, weights.get(`${path}.weight`)!, vectorOf(weights, `${path}.bias`))
  const norm = (path: string) =>
    layerNormLayer(vectorOf(weights, `${path}.weight`), vectorOf(weights, `${path}.bias`), c.normEps)
  const layers = Array.from({ length: c.layers }, (_, l) => {
    const at = `transformer.h.${l}`
    const projection = fused(linear(`${at}.attn.c_attn`), c.headSize)
    return {
      attention: new SelfAttention(projection, linear(`${at}.attn.c_proj`), {
        headSize: c.headSize,
        ...(c.scaled ? {} : { scale: 1 }),
      }),
      mlp: plainMlp(linear(`${at}.mlp.c_fc`), linear(`${at}.mlp.c_proj`), c.activation),
      norms: [norm(`${at}.ln_1`), norm(`${at}.ln_2`)] as const,
      window: null,
    }
  })
  const tokens = weights.get('transformer.wte.weight')!
  const places = weights.get('transformer.wpe.weight')!
  return {
    embed: (tape, { ids, positions, groups, positionGroups }) =>
      add(
        tape,
        embedding(tape, ids, tokens, groups ?? null),
        embedding(tape, positions, places, positionGroups ?? null),
      ),
    layers,
    finalNorm: norm('transformer.ln_f'),
    head: c.tied ? tokens : weights.get('lm_head.weight')!,
    tables: [],
  }
}
