import { describe, expect, test } from 'vitest'
import { ModelError } from '../../src/models/errors'
import { parseLlamaConfig } from '../../src/models/llama-config'
import { tied, untied } from './llama-fixture'

type Json = Readonly<Record<string, unknown>>

const official: Json = JSON.parse(untied.files['config.json'])
const without = (...keys: string[]): Json =>
  Object.fromEntries(Object.entries(official).filter(([key]) => !keys.includes(key)))

test('reads what Transformers saves', () => {
  expect(parseLlamaConfig(official, 'tiny')).toEqual({
    vocabulary: 123,
    hidden: 32,
    intermediate: 44,
    layers: 2,
    heads: 4,
    kvHeads: 2,
    headSize: 8,
    maxPositions: 128,
    ropeTheta: 10000,
    normEps: 1e-5,
    tied: false,
  })
  expect(parseLlamaConfig(JSON.parse(tied.files['config.json']), 'tiny')).toMatchObject({
    headSize: 16,
    kvHeads: 1,
    ropeTheta: 50000,
    normEps: 1e-6,
    tied: true,
  })
})

test('takes the defaults of Transformers for what a config leaves out', () => {
  const sparse = without(
    ...['num_key_value_heads', 'head_dim', 'max_position_embeddings', 'rms_norm_eps', 'rope_parameters'],
    ...['tie_word_embeddings', 'hidden_act', 'attention_bias', 'mlp_bias'],
  )
  expect(parseLlamaConfig(sparse, 'tiny')).toMatchObject({
    kvHeads: 4,
    headSize: 8,
    maxPositions: 2048,
    ropeTheta: 10000,
    normEps: 1e-6,
    tied: false,
  })
  const nulls = { num_key_value_heads: null, head_dim: null, rope_scaling: null, attention_bias: null }
  expect(parseLlamaConfig({ ...sparse, ...nulls }, 'tiny')).toMatchObject({ kvHeads: 4, headSize: 8 })
})

test('finds the base of the rotary positions where older versions put it', () => {
  const old = without('rope_parameters')
  expect(parseLlamaConfig({ ...old, rope_theta: 500000 }, 'tiny').ropeTheta).toBe(500000)
  const unscaled = { rope_theta: 500000, rope_scaling: { type: 'default' } }
  expect(parseLlamaConfig({ ...old, ...unscaled }, 'tiny').ropeTheta).toBe(500000)
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
    [{ head_dim: 24 }, 'heads of size 24 are not supported, supported are 8, 16, 32, 64, 80, 96, 128, 256'],
    [{ hidden_act: 'gelu' }, 'hidden_act is "gelu", which is not supported'],
    [{ attention_bias: true }, 'attention_bias is true, which is not supported'],
    [{ mlp_bias: true }, 'mlp_bias is true, which is not supported'],
    [
      { rope_parameters: { rope_type: 'llama3', factor: 8 } },
      'rotary positions of type "llama3" are not supported',
    ],
    [
      { rope_parameters: undefined, rope_scaling: { type: 'linear', factor: 2 } },
      'rotary positions of type "linear" are not supported',
    ],
    [{ rope_parameters: { rope_theta: 0 } }, 'rope_theta is 0, expected a positive number'],
    [{ rope_parameters: { rope_theta: '10000' } }, 'rope_theta is "10000", expected a positive number'],
    [{ rms_norm_eps: -1e-6 }, 'rms_norm_eps is -0.000001, expected a positive number'],
  ])('%j', (change, reason) => {
    const parse = () => parseLlamaConfig({ ...official, ...change }, 'tiny')
    expect(parse).toThrow(ModelError)
    expect(parse).toThrow(new ModelError(`tiny: config.json: ${reason}`))
  })
})
