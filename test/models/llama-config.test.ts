import { describe, expect, test } from 'vitest'
import { Config } from '../../src/models/config'
import { ModelError } from '../../src/models/errors'
import { type GatedDecoderConfig, readGatedDecoder } from '../../src/models/gated-decoder'
import { llama } from '../../src/models/llama'
import { tied, untied } from './llama-fixture'

type Json = Readonly<Record<string, unknown>>

const official: Json = JSON.parse(untied.files['config.json'])
const without = (...keys: string[]): Json =>
  Object.fromEntries(Object.entries(official).filter(([key]) => !keys.includes(key)))

const parse = (json: Json): GatedDecoderConfig => readGatedDecoder(new Config(json, 'tiny'), 'llama')
const thetaOf = (json: Json) => parse(json).kinds[0]!.rope.theta

test('reads what Transformers saves', () => {
  expect(parse(official)).toMatchObject({
    vocabulary: 123,
    hidden: 32,
    intermediate: 44,
    layers: 2,
    heads: 4,
    kvHeads: 2,
    headSize: 8,
    maxPositions: 128,
    kinds: [{ window: null, rope: { theta: 10000, scaling: null, scale: 1 } }],
    normEps: 1e-5,
    tied: false,
  })
  expect(parse(JSON.parse(tied.files['config.json']))).toMatchObject({
    headSize: 16,
    kvHeads: 1,
    kinds: [{ rope: { theta: 50000 } }],
    normEps: 1e-6,
    tied: true,
  })
})

test('takes the defaults of Transformers for what a config leaves out', () => {
  const sparse = without(
    ...['num_key_value_heads', 'head_dim', 'max_position_embeddings', 'rms_norm_eps', 'rope_parameters'],
    ...['tie_word_embeddings', 'hidden_act', 'attention_bias', 'mlp_bias'],
  )
  expect(parse(sparse)).toMatchObject({
    kvHeads: 4,
    headSize: 8,
    maxPositions: 2048,
    kinds: [{ window: null, rope: { theta: 10000, scaling: null, scale: 1 } }],
    normEps: 1e-6,
    tied: false,
  })
  const nulls = { num_key_value_heads: null, head_dim: null, rope_scaling: null, attention_bias: null }
  expect(parse({ ...sparse, ...nulls })).toMatchObject({ kvHeads: 4, headSize: 8 })
})

test('finds the base of the rotary positions where older versions put it', () => {
  const old = without('rope_parameters')
  expect(thetaOf({ ...old, rope_theta: 500000 })).toBe(500000)
  const unscaled = { rope_theta: 500000, rope_scaling: { type: 'default' } }
  expect(thetaOf({ ...old, ...unscaled })).toBe(500000)
})

describe('refuses', () => {
  const integers = (key: string) =>
    [0, -1, 1.5, '32', 2 ** 32, {}].map(
      value => [{ [key]: value }, `${key} is ${JSON.stringify(value)}, expected a positive integer`] as const,
    )
  const sizes = ['vocab_size', 'intermediate_size', 'num_hidden_layers', 'num_attention_heads', 'head_dim']
  test.each<readonly [Json, string]>([
    ...sizes.flatMap(integers),
    ...['hidden_size', 'num_key_value_heads', 'max_position_embeddings'].flatMap(integers),
    [{ vocab_size: undefined }, 'vocab_size is undefined, expected a positive integer'],
    [{ head_dim: undefined, num_attention_heads: 5 }, 'head_dim is 6.4, expected a positive integer'],
    [{ num_key_value_heads: 3 }, '4 attention heads are not a multiple of 3 key-value heads'],
    [{ hidden_size: 30 }, 'hidden_size is 30, which is not a multiple of 4'],
    [{ head_dim: 20 }, 'heads of size 20 are not supported, supported are multiples of 8 up to 256'],
    [{ hidden_act: 'gelu' }, 'hidden_act is "gelu", which is not supported'],
    [{ attention_bias: 1 }, 'attention_bias is 1, expected true or false'],
    [{ mlp_bias: 'yes' }, 'mlp_bias is "yes", expected true or false'],
    [
      { rope_parameters: { rope_type: 'longrope', factor: 8 } },
      'rotary positions of type "longrope" are not supported',
    ],
    [
      { rope_parameters: undefined, rope_scaling: { type: 'dynamic', factor: 2 } },
      'rotary positions of type "dynamic" are not supported',
    ],
    [{ rope_parameters: { rope_theta: 0 } }, 'rope_parameters.rope_theta is 0, expected a positive number'],
    [
      { rope_parameters: { rope_theta: '10000' } },
      'rope_parameters.rope_theta is "10000", expected a positive number',
    ],
    [{ rms_norm_eps: -1e-6 }, 'rms_norm_eps is -0.000001, expected a positive number'],
  ])('%j', (change, reason) => {
    const parse = () => llama.blueprint(new Config({ ...official, ...change }, 'tiny'))
    expect(parse).toThrow(ModelError)
    expect(parse).toThrow(new ModelError(`tiny: config.json: ${reason}`))
  })
})
