import { attentionKernels } from '../ops/attention'
import { ModelError } from './errors'

/** The sizes of a Llama model, by their usual letters where there is one. */
export interface LlamaConfig {
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
  readonly ropeTheta: number
  readonly normEps: number
  /** Whether the output projection is the embedding. */
  readonly tied: boolean
}

type Json = Readonly<Record<string, unknown>>

/**
 * Reads the `config.json` of a `LlamaForCausalLM`.
 *
 * @param name of the model, for errors
 * @throws {ModelError} naming a field that is missing, or that asks for something not computed here
 */
export function parseLlamaConfig(json: Json, name: string): LlamaConfig {
  const integer = (key: string, fallback?: number): number => {
    const value = json[key] ?? fallback
    if (typeof value !== 'number' || !Number.isInteger(value) || value <= 0 || value > 2 ** 31) {
      throw new ModelError(
        `${name}: config.json: ${key} is ${JSON.stringify(value)}, expected a positive integer`,
      )
    }
    return value
  }
  const only = (key: string, ...allowed: unknown[]) => {
    if (!allowed.includes(json[key] ?? undefined)) {
      throw new ModelError(
        `${name}: config.json: ${key} is ${JSON.stringify(json[key])}, which is not supported`,
      )
    }
  }
  only('hidden_act', undefined, 'silu')
  only('attention_bias', undefined, false)
  only('mlp_bias', undefined, false)
  const rope = (json.rope_parameters ?? json.rope_scaling ?? {}) as Json
  const ropeType = rope.rope_type ?? rope.type ?? 'default'
  if (ropeType !== 'default') {
    throw new ModelError(
      `${name}: config.json: rotary positions of type ${JSON.stringify(ropeType)} are not supported`,
    )
  }
  const hidden = integer('hidden_size')
  if (hidden % 4 !== 0) {
    throw new ModelError(`${name}: config.json: hidden_size is ${hidden}, which is not a multiple of 4`)
  }
  const heads = integer('num_attention_heads')
  const kvHeads = integer('num_key_value_heads', heads)
  const headSize = integer('head_dim', hidden / heads)
  if (heads % kvHeads !== 0) {
    throw new ModelError(
      `${name}: config.json: ${heads} attention heads are not a multiple of ${kvHeads} key-value heads`,
    )
  }
  if (!Object.hasOwn(attentionKernels, headSize)) {
    throw new ModelError(
      `${name}: config.json: heads of size ${headSize} are not supported, supported are ${Object.keys(attentionKernels).join(', ')}`,
    )
  }
  const positive = (key: string, value: unknown): number => {
    if (typeof value !== 'number' || !(value > 0)) {
      throw new ModelError(
        `${name}: config.json: ${key} is ${JSON.stringify(value)}, expected a positive number`,
      )
    }
    return value
  }
  return {
    vocabulary: integer('vocab_size'),
    hidden,
    intermediate: integer('intermediate_size'),
    layers: integer('num_hidden_layers'),
    heads,
    kvHeads,
    headSize,
    maxPositions: integer('max_position_embeddings', 2048),
    ropeTheta: positive('rope_theta', rope.rope_theta ?? json.rope_theta ?? 10000),
    normEps: positive('rms_norm_eps', json.rms_norm_eps ?? 1e-6),
    tied: json.tie_word_embeddings === true,
  }
}

/** Names and shapes of the weights, as in Hugging Face's files. */
export function llamaWeightShapes(c: LlamaConfig): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>([['model.embed_tokens.weight', [c.vocabulary, c.hidden]]])
  for (let l = 0; l < c.layers; l++) {
    const at = `model.layers.${l}`
    shapes.set(`${at}.input_layernorm.weight`, [c.hidden])
    shapes.set(`${at}.self_attn.q_proj.weight`, [c.heads * c.headSize, c.hidden])
    shapes.set(`${at}.self_attn.k_proj.weight`, [c.kvHeads * c.headSize, c.hidden])
    shapes.set(`${at}.self_attn.v_proj.weight`, [c.kvHeads * c.headSize, c.hidden])
    shapes.set(`${at}.self_attn.o_proj.weight`, [c.hidden, c.heads * c.headSize])
    shapes.set(`${at}.post_attention_layernorm.weight`, [c.hidden])
    shapes.set(`${at}.mlp.gate_proj.weight`, [c.intermediate, c.hidden])
    shapes.set(`${at}.mlp.up_proj.weight`, [c.intermediate, c.hidden])
    shapes.set(`${at}.mlp.down_proj.weight`, [c.hidden, c.intermediate])
  }
  shapes.set('model.norm.weight', [c.hidden])
  if (!c.tied) shapes.set('lm_head.weight', [c.vocabulary, c.hidden])
  return shapes
}
