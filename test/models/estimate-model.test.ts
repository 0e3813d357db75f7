import { describe, expect } from 'vitest'
import { dryGpu } from '../../src/gpu/dry-gpu'
import { filesFromList } from '../../src/io/model-files'
import { estimateModel } from '../../src/models/estimate-model'
import { loadModel } from '../../src/models/load-model'
import { pack, uploadPacked } from '../../src/nn/packed'
import { Tape } from '../../src/ops/tape'
import { test } from '../gpu'
import { folder, tied } from './llama-fixture'

/** Of the size of Llama-3.2-1B, without its weights. */
const config = {
  model_type: 'llama',
  vocab_size: 128256,
  hidden_size: 2048,
  intermediate_size: 8192,
  num_hidden_layers: 16,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  head_dim: 64,
  max_position_embeddings: 131072,
  tie_word_embeddings: true,
  rope_theta: 500000,
  rope_scaling: {
    rope_type: 'llama3',
    factor: 32,
    high_freq_factor: 4,
    low_freq_factor: 1,
    original_max_position_embeddings: 8192,
  },
}
const large = filesFromList(new Map([['config.json', new Blob([JSON.stringify(config)])]]), 'large')

describe('the memory of a model', () => {
  test('is known from its config alone, in every storage', async () => {
    const estimates = await estimateModel(large, { tokens: 64 })
    const embedding = 128256 * 2048
    const linear = 16 * (2 * 2048 * 2048 + 2 * 512 * 2048 + 3 * 8192 * 2048)
    const vectors = 4 * 33 * 2048
    expect(estimates.map(({ storage, weights }) => [storage.name, weights])).toEqual([
      ['f32', 4 * (embedding + linear) + vectors],
      ['f16', 2 * (embedding + linear) + vectors],
      // A scale a row: 16 layers of 2 × 2048 + 2 × 512 + 2 × 8192 + 2048 rows.
      ['int8', 2 * embedding + linear + 4 * 16 * 23552 + vectors],
      ['int4-32', 2 * embedding + (linear * 4.5) / 8 + vectors],
    ])
    for (const { weights, peak } of estimates) {
      expect(peak).toBeGreaterThan(weights)
      // 64 tokens need little beside the weights, whatever the context is.
      expect(peak - weights).toBeLessThan(16 * 2 ** 20)
    }
    // QLoRA's case: the weights of a model of 1.2 billion values leave room within 2 GB.
    expect(estimates[3]!.weights).toBeLessThan(1.1e9)
  })

  test('is what reading takes', async () => {
    const files = folder(tied.files, 'tiny')
    const gpu = dryGpu()
    using model = await loadModel(gpu, files)
    {
      using tape = new Tape(gpu, { grad: false })
      using packed = uploadPacked(gpu, pack([new Uint32Array(40)]))
      model.network.forward(tape, packed)
    }
    const [estimate] = await estimateModel(files, { tokens: 40 })
    // Loading collects small weights in a buffer of 64 KiB, as reading does its tokens.
    expect(estimate!.peak).toBe(gpu.memory.peak)
  })

  test('is that of no more tokens than the model can read', async () => {
    const files = folder(tied.files, 'tiny')
    const { max_position_embeddings: tokens } = JSON.parse(tied.files['config.json']!)
    expect(await estimateModel(files, { tokens: 8 * tokens })).toEqual(await estimateModel(files, { tokens }))
  })
})
