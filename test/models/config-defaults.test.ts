import { describe, expect, test, vi } from 'vitest'
import { dryGpu } from '../../src/gpu/dry-gpu'
import { architectures as known } from '../../src/models/architectures'
import type { CausalNetwork } from '../../src/models/causal-network'
import { readBlueprint } from '../../src/models/load-network'
import { folder } from './llama-fixture'

type Json = Readonly<Record<string, unknown>>

/** What every config says; the rest is what transformers makes of it, read off `AutoConfig.for_model(…)`. */
const sizes = {
  vocab_size: 64,
  hidden_size: 64,
  intermediate_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 32,
  head_dim: 8,
}

/**
 * The network of a config, without values, and of each of its rotary tables the sines of one position and the factor of
 * all.
 */
async function read(
  config: Json,
): Promise<{ network: CausalNetwork; sines: readonly number[][]; scales: readonly number[] }> {
  const files = folder({ 'config.json': JSON.stringify(config) }, 'tiny')
  const { weights, build } = await readBlueprint(files, known)
  const gpu = dryGpu()
  const made = vi.spyOn(gpu, 'tensor')
  const network = build(gpu, new Map([...weights].map(([name, { shape }]) => [name, gpu.empty(shape)])))
  // Of each table the coarse half is made first, which has the factor in it, and then that of 256 positions.
  const tables = made.mock.calls.filter(([shape]) => shape.length === 3)
  const values = tables.map(([[, , K = 0], values]) => ({ K, values: values as Float32Array }))
  return {
    network,
    sines: values.filter((_, i) => i % 2 === 1).map(({ K, values }) => [...values.slice(3 * K, 4 * K)]),
    scales: values.filter((_, i) => i % 2 === 0).map(({ values }) => values[0]!),
  }
}

/** Sines of θ^(−2k/D) / factor, as f32. */
const sinesOf = (D: number, theta: number, factor = 1) =>
  Array.from({ length: D / 2 }, (_, k) => Math.fround(Math.sin(theta ** ((-2 * k) / D) / factor)))

describe('what a config leaves out is what transformers takes', () => {
  test.each<[Json, { kvHeads: number; positions: number; window: number }]>([
    [{ model_type: 'llama' }, { kvHeads: 32, positions: 2048, window: Number.POSITIVE_INFINITY }],
    [{ model_type: 'mistral' }, { kvHeads: 8, positions: 131072, window: 4096 }],
    [
      { model_type: 'mistral', sliding_window: null, num_key_value_heads: null },
      { kvHeads: 32, positions: 131072, window: Number.POSITIVE_INFINITY },
    ],
    [{ model_type: 'qwen2' }, { kvHeads: 32, positions: 32768, window: Number.POSITIVE_INFINITY }],
    [
      { model_type: 'qwen2', use_sliding_window: true, max_window_layers: 1 },
      { kvHeads: 32, positions: 32768, window: 4096 },
    ],
    [
      { model_type: 'qwen3', use_sliding_window: true },
      { kvHeads: 32, positions: 32768, window: Number.POSITIVE_INFINITY },
    ],
    [
      { model_type: 'qwen3', use_sliding_window: true, max_window_layers: 0, sliding_window: null },
      { kvHeads: 32, positions: 32768, window: Number.POSITIVE_INFINITY },
    ],
    [{ model_type: 'gemma3_text' }, { kvHeads: 4, positions: 131072, window: 4096 }],
  ])('%j', async (config, { kvHeads, positions, window }) => {
    const { network } = await read({ ...sizes, ...config })
    expect(network.weights.get('model.layers.0.self_attn.k_proj.weight')!.shape[0]).toBe(kvHeads * 8)
    expect(network.maxPositions).toBe(positions)
    expect(network.window).toBe(window)
  })
})

describe("YaRN's factor of cosines and sines is that of transformers", () => {
  test.each<[Json, number]>([
    [{ factor: 8 }, 0.1 * Math.log(8) + 1],
    [{ factor: 8, attention_factor: 1.5 }, 1.5],
    [{ factor: 8, mscale: 0.5 }, 0.1 * Math.log(8) + 1],
    [{ factor: 8, mscale: 0.5, mscale_all_dim: 2 }, (0.05 * Math.log(8) + 1) / (0.2 * Math.log(8) + 1)],
    [{ factor: 8, mscale: 0.5, mscale_all_dim: 2, attention_factor: 1.5 }, 1.5],
  ])('with %j', async (fields, factor) => {
    const config = { ...sizes, model_type: 'llama', rope_parameters: { rope_type: 'yarn', ...fields } }
    expect((await read(config)).scales).toEqual([Math.fround(factor)])
  })
})

describe('rotary parameters under two names are those that transformers takes', () => {
  const linear = { rope_type: 'linear', factor: 4 }

  test.each<[Json, number, number]>([
    [{ rope_parameters: { rope_theta: 500 }, rope_scaling: linear }, 10000, 4],
    [{ rope_parameters: { rope_theta: 500 }, rope_scaling: linear, rope_theta: 900 }, 900, 4],
    [{ rope_parameters: { rope_theta: 500, ...linear }, rope_scaling: {}, rope_theta: 900 }, 500, 4],
    [{ rope_parameters: { rope_theta: 500 }, rope_scaling: null }, 500, 1],
  ])('llama with %j', async (config, theta, factor) => {
    const { sines } = await read({ ...sizes, model_type: 'llama', ...config })
    expect(sines).toEqual([sinesOf(8, theta, factor)])
  })

  test('GPT-NeoX has a name of its own for the base, and keeps its share of a head', async () => {
    const config = { ...sizes, model_type: 'gpt_neox', num_attention_heads: 2, rotary_emb_base: 500 }
    const { sines } = await read({ ...config, rotary_pct: 0.5, rope_theta: 900, rope_scaling: linear })
    expect(sines).toEqual([sinesOf(16, 500, 4)])
  })

  test("Gemma 3's older name is of the layers that see all", async () => {
    const config = { ...sizes, model_type: 'gemma3_text', rope_theta: 900, rope_local_base_freq: 50 }
    const plain = await read(config)
    expect(plain.sines).toEqual([sinesOf(8, 50), sinesOf(8, 900)])
    const scaled = await read({ ...config, rope_scaling: linear })
    expect(scaled.sines).toEqual([sinesOf(8, 50), sinesOf(8, 900, 4)])
    const byKind = { sliding_attention: { rope_type: 'default' }, full_attention: { rope_theta: 700 } }
    const both = await read({ ...config, rope_parameters: byKind, rope_scaling: linear })
    expect(both.sines).toEqual([sinesOf(8, 50), sinesOf(8, 700, 4)])
  })
})
