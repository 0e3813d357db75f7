import { describe, expect, test } from 'vitest'
import { dryGpu } from '../../src/gpu/dry-gpu'
import type { Blueprint } from '../../src/models/architecture'
import { architectures as known } from '../../src/models/architectures'
import type { CausalNetwork } from '../../src/models/causal-network'
import { ModelError } from '../../src/models/errors'
import { loadNetwork, readBlueprint } from '../../src/models/load-network'
import {
  type ArchitectureFixture,
  architectures,
  type StoredTensor,
  safetensorsOf,
  stored,
  weightsOf,
} from './architecture-fixture'
import { folder } from './llama-fixture'

type Json = Readonly<Record<string, unknown>>

const configOf = ({ files }: ArchitectureFixture): Json => JSON.parse(files['config.json']!)

const read = (config: Json): Promise<Blueprint<CausalNetwork>> =>
  readBlueprint(folder({ 'config.json': JSON.stringify(config) }, 'tiny'), known)

/** Names and shapes of the weights as a config's files must have them. */
async function shapesOf(config: Json): Promise<Record<string, readonly number[]>> {
  const { weights } = await read(config)
  return Object.fromEntries(
    [...weights].map(([name, { shape, transposed }]) => [name, transposed ? [...shape].reverse() : shape]),
  )
}

describe.each(Object.values(architectures))('a config of $name', fixture => {
  test('asks for the weights that PyTorch saves, in new files and older ones', async () => {
    const weights = await weightsOf(fixture)
    const saved = Object.fromEntries([...weights].map(([name, { shape }]) => [name, shape]))
    expect(await shapesOf(configOf(fixture))).toEqual(saved)
    expect(await shapesOf(JSON.parse(fixture.olderConfig))).toEqual(saved)
  })

  test('is refused beside weights that lack one, have one of another shape, or one too many', async () => {
    const tensors = new Map(
      [...(await weightsOf(fixture))].map(([name, tensor]) => [name, stored(tensor, 'BF16')] as const),
    )
    const load = (weights: Map<string, StoredTensor>) => {
      const files = { ...fixture.files, 'model.safetensors': safetensorsOf(weights) }
      return loadNetwork(dryGpu(), folder(files, 'tiny'), known)
    }
    // The first layer has the same weights as the second.
    for (const [name, tensor] of [...tensors].filter(([name]) => !name.includes('.0.'))) {
      const fewer = new Map(tensors)
      fewer.delete(name)
      await expect(load(fewer)).rejects.toThrow(new ModelError(`tiny: the weights lack ${name}`))
      const shape = [1, ...tensor.shape]
      await expect(load(new Map(tensors).set(name, { ...tensor, shape }))).rejects.toThrow(
        new ModelError(
          `tiny: ${name} has shape [${shape.join(', ')}], config.json asks for [${tensor.shape.join(', ')}]`,
        ),
      )
    }
    const extra = [...tensors.keys()].find(name => name.includes('.1.'))!.replace('.1.', '.7.')
    const more = new Map(tensors).set(extra, { dtype: 'BF16', shape: [1], bytes: new Uint8Array(2) })
    await expect(load(more)).rejects.toThrow(
      new ModelError(`tiny: the weights hold ${extra}, which a model of this config.json does not have`),
    )
  })
})

const changes: Record<keyof typeof architectures, readonly (readonly [field: string, change: Json])[]> = {
  llama3: [
    ['hidden_act', { hidden_act: 'gelu' }],
    ['attention_bias', { attention_bias: 'yes' }],
    ['mlp_bias', { mlp_bias: 1 }],
    ['head_dim', { head_dim: 0 }],
    ['heads of size 20', { head_dim: 20 }],
    ['2 attention heads are not a multiple of 3 key-value heads', { num_key_value_heads: 3 }],
    ['hidden_size', { hidden_size: 30 }],
    // Lists and tables as long as these would be made before any weight is looked at.
    ['num_hidden_layers', { num_hidden_layers: 100_000 }],
    ['max_position_embeddings', { max_position_embeddings: 2 ** 30 }],
    ['"dynamic"', { rope_parameters: { rope_type: 'dynamic', factor: 2 } }],
    ['"longrope"', { rope_parameters: { rope_type: 'longrope', factor: 2 } }],
    ['"spiral"', { rope_parameters: null, rope_scaling: { type: 'spiral' } }],
    ['factor', { rope_parameters: { rope_type: 'linear' } }],
    ['low_freq_factor', { rope_parameters: { rope_type: 'llama3', factor: 8 } }],
    ['rope_theta', { rope_parameters: { rope_theta: 0 } }],
    ['rope_parameters', { rope_parameters: [] }],
    ['tie_word_embeddings', { tie_word_embeddings: 'true' }],
  ],
  mistral: [
    ['hidden_act', { hidden_act: 'relu' }],
    ['sliding_window', { sliding_window: 0 }],
    ['sliding_window', { sliding_window: '4096' }],
  ],
  qwen2: [
    ['hidden_act', { hidden_act: 'gelu' }],
    ['use_sliding_window', { use_sliding_window: 'false' }],
    ['layer_types', { use_sliding_window: true, sliding_window: 4, layer_types: ['full_attention'] }],
    ['layer_types', { use_sliding_window: true, sliding_window: 4, layer_types: ['linear', 'linear'] }],
  ],
  qwen3: [
    ['hidden_act', { hidden_act: 'gelu' }],
    ['rms_norm_eps', { rms_norm_eps: -1 }],
    ['num_hidden_layers', { num_hidden_layers: 0 }],
  ],
  gpt2: [
    ['scale_attn_by_inverse_layer_idx', { scale_attn_by_inverse_layer_idx: true }],
    ['add_cross_attention', { add_cross_attention: true }],
    ['activation_function', { activation_function: 'relu' }],
    ['reorder_and_upcast_attn', { reorder_and_upcast_attn: 'no' }],
    ['n_head', { n_head: 5 }],
    ['n_embd', { n_embd: 30 }],
    ['n_layer', { n_layer: 100_000 }],
    ['layer_norm_epsilon', { layer_norm_epsilon: 0 }],
  ],
  neox: [
    ['hidden_act', { hidden_act: 'relu' }],
    ['rotary_pct', { rope_parameters: null, rotary_pct: 0.1 }],
    ['rotates 80 of', { rope_parameters: { partial_rotary_factor: 5 } }],
    ['num_attention_heads', { num_attention_heads: 3 }],
    ['num_hidden_layers', { num_hidden_layers: 100_000 }],
    ['max_position_embeddings', { max_position_embeddings: 2 ** 30 }],
    ['use_parallel_residual', { use_parallel_residual: 'yes' }],
  ],
  neoxSequential: [['hidden_size', { hidden_size: 31 }]],
  gemma3: [
    ['attn_logit_softcapping', { attn_logit_softcapping: 50 }],
    ['final_logit_softcapping', { final_logit_softcapping: 30 }],
    ['use_bidirectional_attention', { use_bidirectional_attention: true }],
    ['hidden_activation', { hidden_activation: 'gelu' }],
    ['query_pre_attn_scalar', { query_pre_attn_scalar: 0 }],
    ['layer_types', { layer_types: ['full_attention', 'full_attention'] }],
    ['layer_types', { layer_types: ['full_attention', 'full_attention', 'chunked_attention'] }],
    ['sliding_window', { sliding_window: -1 }],
    ['"dynamic"', { rope_parameters: { full_attention: { rope_type: 'dynamic' } } }],
  ],
}

describe.each(Object.entries(changes))('of %s', (name, refused) => {
  const official = configOf(architectures[name]!)

  test.each(refused)('%s is named, with %j', async (field, change) => {
    await expect(read({ ...official, ...change })).rejects.toThrow(ModelError)
    await expect(read({ ...official, ...change })).rejects.toThrow(/^tiny: config\.json: /)
    await expect(read({ ...official, ...change })).rejects.toThrow(field)
  })
})

test('every known architecture has a fixture', () => {
  const types = Object.values(architectures).map(fixture => configOf(fixture).model_type)
  expect([...new Set(types)].sort()).toEqual(known.map(({ modelType }) => modelType).sort())
})

test.each(['bert', '__proto__', 'LLAMA', '', null, 7, ['llama']])('model_type %j is refused', async kind => {
  const names = 'llama, mistral, qwen2, qwen3, gpt2, gpt_neox, gemma3_text'
  await expect(read({ ...configOf(architectures.llama3!), model_type: kind })).rejects.toThrow(
    new ModelError(`tiny: config.json: model_type is ${JSON.stringify(kind)}, known are: ${names}`),
  )
})
