import { geglu } from '../ops/geglu'
import type { Architecture } from './architecture'
import type { Config, RopeConfig } from './config'
import { gatedDecoder, readGatedDecoder } from './gated-decoder'
import { layerTypes } from './layer-windows'

/**
 * The text models of Gemma 3, https://arxiv.org/abs/2503.19786: five layers with a window for each that sees all,
 * norms before and after each part, normalized queries and keys, GeGLU, scaled embeddings.
 */
export const gemma3: Architecture = {
  modelType: 'gemma3_text',
  blueprint(config) {
    config.only('hidden_activation', undefined, 'gelu_pytorch_tanh')
    config.only('attn_logit_softcapping', undefined)
    config.only('final_logit_softcapping', undefined)
    config.only('use_bidirectional_attention', undefined, false)
    const own = config.with({
      num_key_value_heads: 4,
      head_dim: 256,
      max_position_embeddings: 131072,
      tie_word_embeddings: true,
      ...config.json,
      // Read below: they differ by the kind of layer.
      rope_parameters: null,
      rope_scaling: null,
      rope_theta: null,
    })
    const base = readGatedDecoder(own, 'gemma3_text')
    const types = layerTypes(config, base.layers)
    const pattern = config.integer('sliding_window_pattern', 6)
    const full = (l: number) => (types ? types[l] === 'full_attention' : (l + 1) % pattern === 0)
    const attention = config.boolean('attention_bias', false)
    return gatedDecoder({
      ...base,
      kinds: [
        { window: config.integer('sliding_window', 4096), rope: localRope(config, base.maxPositions) },
        { window: null, rope: globalRope(config, base.maxPositions) },
      ],
      kindOf: l => (full(l) ? 1 : 0),
      biases: { qkv: attention, output: attention, mlp: false },
      headNorms: true,
      activation: geglu,
      attentionScale: 1 / Math.sqrt(config.positive('query_pre_attn_scalar', 256)),
      embeddingScale: Math.sqrt(base.hidden),
      normOffset: 1,
      sandwich: true,
    })
  },
}

/** Since version 5 of transformers each kind of layer has its own parameters. */
const ropeParameters = (config: Config, kind: string): Config => config.inner('rope_parameters').inner(kind)

const localRope = (config: Config, maxPositions: number): RopeConfig =>
  ropeParameters(config, 'sliding_attention').scaling(
    config.positive('rope_local_base_freq', 10_000),
    maxPositions,
  )

/** `rope_scaling` of older files is of these layers alone, and goes before what is said beside it. */
function globalRope(config: Config, maxPositions: number): RopeConfig {
  const parameters = ropeParameters(config, 'full_attention')
  return parameters
    .with({ ...parameters.json, ...config.inner('rope_scaling').json })
    .scaling(config.positive('rope_theta', 1_000_000), maxPositions)
}
