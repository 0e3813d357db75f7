import { describe, expect } from 'vitest'
import { dryGpu } from '../../src/gpu/dry-gpu'
import type { Gpu } from '../../src/gpu/gpu'
import { Tensor } from '../../src/gpu/tensor'
import { dpo } from '../../src/losses/dpo'
import { Config } from '../../src/models/config'
import { gatedDecoder } from '../../src/models/gated-decoder'
import { llama } from '../../src/models/llama'
import { emptyWeight } from '../../src/models/upload-weights'
import { formatOf } from '../../src/models/weight-storage'
import { f16 } from '../../src/ops/format-f16'
import { int4 } from '../../src/ops/format-int4'
import { int8 } from '../../src/ops/format-int8'
import type { WeightFormat } from '../../src/ops/weight-format'
import type { EncodedPair } from '../../src/training/encode-pairs'
import { estimateTraining } from '../../src/training/estimate-training'
import { LoraAdapter } from '../../src/training/lora-adapter'
import { train } from '../../src/training/train'
import { test } from '../gpu'
import { matrixOf } from '../matrix'
import { expectClose, noise } from '../numbers'
import { tinyConfig } from '../tiny-llama'

const config = { ...tinyConfig, hidden: 64, intermediate: 64, heads: 8, vocabulary: 61 }

/** The same model twice: its weights stored in a format, and as f32 with the values that they then stand for. */
function twins(gpu: Gpu, storage: WeightFormat) {
  const { weights: specs, build } = gatedDecoder(config)
  const [packed, plain] = [new Map(), new Map()]
  let i = 0
  for (const [name, spec] of specs) {
    const [rows = 0, columns] = spec.shape
    const size = spec.shape.reduce((a, b) => a * b, 1)
    if (columns === undefined) {
      const values = noise(size, i++, 0.2).map(x => 1 + x)
      for (const map of [packed, plain]) map.set(name, gpu.tensor(spec.shape, values))
      continue
    }
    const values = noise(size, i++, Math.sqrt(3 / columns))
    const { matrix, stored } = matrixOf(gpu, values, [rows, columns], formatOf(spec, storage))
    packed.set(name, matrix)
    plain.set(name, gpu.tensor([rows, columns], Float32Array.from(stored)))
  }
  return { packed: build(gpu, packed), plain: build(gpu, plain) }
}

const ids = (length: number, seed: number) =>
  Uint32Array.from(noise(length, seed), v => Math.floor(30 * (v + 1)))
const pair = (index: number, length: number): EncodedPair => ({
  index,
  truncated: false,
  chosen: { ids: ids(length, 3 * index), answerBegin: 4 },
  rejected: { ids: ids(length - 2, 3 * index + 1), answerBegin: 4 },
})
const pairs = [pair(1, 14), pair(2, 11), pair(3, 16), pair(4, 12)]

describe.each([f16, int8, int4({ group: 32 }), int4({ group: 64 })])(
  'LoRA on a base stored as $name',
  storage => {
    // The kernels of each storage are tested by themselves; one is enough to see them work together.
    const kinds = storage === int4() ? [{}, { dora: true, dropout: 0.1 }] : [{}]
    test.for(kinds)('trains as on the values that it stands for, %j', async (options, { gpu }) => {
      const { packed, plain } = twins(gpu, storage)
      using one = packed
      using other = plain
      const run = async (network: typeof packed, recompute = false) => {
        using adapter = LoraAdapter.create(network, { rank: 4, seed: 1, ...options })
        const losses: number[] = []
        const job = { loss: dpo({ beta: 0.5 }), learningRate: 5e-3, batchSize: 2, epochs: 3, recompute }
        for await (const { loss } of train(adapter, pairs, job)) losses.push(loss)
        return { losses, values: await gpu.read(adapter.values) }
      }
      const [got, want] = [await run(one), await run(other)]
      // Products are summed in the same order from the same values; only int8's and int4's scaling may round apart.
      expectClose(got.losses, want.losses, { atol: 1e-6, rtol: 1e-4 })
      expectClose(got.values, want.values, { atol: 2e-4, rtol: 1e-3 })
      // The same kernels on the same values; only where gradients meet are they added in another order.
      const again = await run(one, true)
      expectClose(again.losses, got.losses, { atol: 1e-6, rtol: 1e-5 })
      expectClose(again.values, got.values, { atol: 1e-5, rtol: 1e-4 })
      expect(got.losses.at(-1)).toBeLessThan(got.losses[0]! - 0.01)
    })
  },
)

test('a model of a billion values trains with LoRA on four bits in 2 GB', async () => {
  const json = {
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
  }
  const gpu = dryGpu()
  const blueprint = llama.blueprint(new Config(json, 'Llama-3.2-1B'))
  const weights = [...blueprint.weights].map(
    ([name, spec]) => [name, emptyWeight(gpu, spec, int4())] as const,
  )
  const values = weights.reduce(
    (sum, [, weight]) => sum + (weight instanceof Tensor ? weight.size : weight.size),
    0,
  )
  expect(values).toBeGreaterThan(1.2e9)
  const network = blueprint.build(gpu, new Map(weights))
  const long = (seed: number) => ({ ids: ids(256, seed), answerBegin: 64 })
  const { peak } = await estimateTraining(
    network,
    [{ index: 0, truncated: false, chosen: long(1), rejected: long(2) }],
    {
      loss: dpo(),
      batchSize: 1,
      recompute: true,
      lora: { rank: 16 },
    },
  )
  expect(peak).toBeLessThan(2e9)
})
