import { describe, expect, test } from 'vitest'
import { checkTokenInputs, tokenFeeds } from '../../src/io/onnx-inputs'
import type { OnnxValue } from '../../src/io/onnx-session'

const inputs = (given: Readonly<Record<string, readonly [string, ...(number | string)[]]>>) =>
  new Map<string, OnnxValue>(
    Object.entries(given).map(([name, [type, ...shape]]) => [name, { type, shape }] as const),
  )

const tokens = ['int64', 'batch_size', 'sequence_length'] as const
const batch = { sequences: [[5, 6, 7], [8]], padId: 9 }

describe('what graphs of the Hub are given', () => {
  test('decoder_model_merged as Optimum exports it: the branch without a past', () => {
    const past = ['float32', 'batch_size', 12, 'past_sequence_length', 64] as const
    const feeds = tokenFeeds(
      inputs({
        input_ids: tokens,
        attention_mask: ['int64', 'batch_size', 'past_sequence_length + 1'],
        position_ids: tokens,
        'past_key_values.0.key': past,
        'past_key_values.0.value': past,
        use_cache_branch: ['bool', 1],
      }),
      batch,
      'gpt2',
    )
    const none = { type: 'float32', dims: [2, 12, 0, 64], data: new Float32Array(0) }
    expect(Object.fromEntries(feeds)).toEqual({
      input_ids: { type: 'int64', dims: [2, 3], data: BigInt64Array.of(5n, 6n, 7n, 8n, 9n, 9n) },
      attention_mask: { type: 'int64', dims: [2, 3], data: BigInt64Array.of(1n, 1n, 1n, 1n, 0n, 0n) },
      position_ids: { type: 'int64', dims: [2, 3], data: BigInt64Array.of(0n, 1n, 2n, 0n, 1n, 2n) },
      'past_key_values.0.key': none,
      'past_key_values.0.value': none,
      use_cache_branch: { type: 'bool', dims: [1], data: Uint8Array.of(0) },
    })
  })

  test('half floats, int32, token types and kept logits', () => {
    const feeds = tokenFeeds(
      inputs({
        input_ids: ['int32', 'batch_size', 'sequence_length'],
        token_type_ids: tokens,
        num_logits_to_keep: ['int64'],
        'past_key_values.3.value': ['float16', 'batch_size', 2, 'past_sequence_length', 8],
      }),
      { ...batch, keptLogits: 3 },
      'bert',
    )
    expect(Object.fromEntries(feeds)).toEqual({
      input_ids: { type: 'int32', dims: [2, 3], data: Int32Array.of(5, 6, 7, 8, 9, 9) },
      token_type_ids: { type: 'int64', dims: [2, 3], data: new BigInt64Array(6) },
      num_logits_to_keep: { type: 'int64', dims: [], data: BigInt64Array.of(3n) },
      'past_key_values.3.value': { type: 'float16', dims: [2, 2, 0, 8], data: new Uint16Array(0) },
    })
  })

  test.each([
    ['encoder_hidden_states', ['float32', 'batch_size', 'encoder_sequence_length', 64]],
    ['pixel_values', ['float32', 'batch_size', 3, 224, 224]],
    ['past_conv.0', ['float32', 'batch_size', 64, 3]],
  ] as const)('of other kinds they are refused, as with %s', (name, value) => {
    expect(() => checkTokenInputs(inputs({ input_ids: tokens, [name]: value }), 'model')).toThrow(
      `model: the graph asks for the input '${name}', which texts do not have`,
    )
  })

  test('and those that take no tokens, or tokens of another type', () => {
    const embeds = inputs({ inputs_embeds: ['float32', 'batch_size', 'sequence_length', 8] })
    expect(() => checkTokenInputs(embeds, 'model')).toThrow(
      'model: the graph takes no input_ids; it takes inputs_embeds [batch_size, sequence_length, 8]',
    )
    expect(() => checkTokenInputs(inputs({ input_ids: ['float32', 'n'] }), 'model')).toThrow(
      "model: the input 'input_ids' is of type float32, expected int64 or int32",
    )
  })
})
