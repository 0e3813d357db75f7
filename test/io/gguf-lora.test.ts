import { describe, expect, test } from 'vitest'
import { GgufError, ggufLora } from '../../src/io/gguf-lora'
import { type PeftAdapter, readPeftAdapter } from '../../src/io/peft-adapter'
import { scaleOf } from '../../src/io/peft-config'
import type { TensorData } from '../../src/io/safetensors'
import theirs from '../fixtures/gguf-lora.json'
import { architectures } from '../models/architecture-fixture'
import { folder } from '../models/llama-fixture'
import { expectClose, noise } from '../numbers'
import { matmul } from '../reference/matmul'
import { fromBase64 } from './bytes'
import { readGguf } from './gguf-reader'

const byName = new Map(Object.values(architectures).map(fixture => [fixture.name, fixture]))
const q = 'base_model.model.model.layers.0.self_attn.q_proj'
const qwen = '{"model_type":"qwen2"}'

/** The adapter of a fixture, its modules sorted. */
async function adapterOf(name: string): Promise<PeftAdapter> {
  const { config, tensors } = await readPeftAdapter(folder(byName.get(name)!.adapter, name))
  return { config, tensors: new Map([...tensors].sort(([a], [b]) => (a < b ? -1 : 1))) }
}

test.each(Object.entries(theirs))("%s: the bytes that llama.cpp's package writes", async (name, file) => {
  const config = byName.get(name)!.files['config.json']!
  const ours = ggufLora(await adapterOf(name), config)
  expect(readGguf(ours)).toEqual(readGguf(fromBase64(file)))
  expect(ours).toEqual(fromBase64(file))
})

describe('scales', () => {
  const module = (path: string, rank: number) =>
    [
      [
        `base_model.model.model.layers.0.${path}.lora_A.weight`,
        { shape: [rank, 5], data: noise(rank * 5, rank) },
      ],
      [
        `base_model.model.model.layers.0.${path}.lora_B.weight`,
        { shape: [4, rank], data: noise(rank * 4, 9) },
      ],
    ] as const
  const tensors: PeftAdapter['tensors'] = new Map<string, TensorData>([
    ...module('mlp.up_proj', 3),
    ...module('self_attn.q_proj', 2),
  ])
  const plain = {
    r: 3,
    loraAlpha: 6,
    targetModules: ['q_proj', 'up_proj'],
    useRslora: false,
    useDora: false,
    loraDropout: 0,
    rankPattern: { q_proj: 2 },
    alphaPattern: {},
    baseModel: null,
  }

  test.each([
    [plain, 6],
    [{ ...plain, useRslora: true }, 6 * Math.sqrt(3)],
    [{ ...plain, alphaPattern: { q_proj: 5 } }, 6],
    [{ ...plain, alphaPattern: { up_proj: 0 } }, 6],
    [{ ...plain, loraAlpha: 0 }, 1],
  ])('of %j are those of PEFT', (config, alpha) => {
    const { metadata, tensors: written } = readGguf(ggufLora({ config, tensors }, qwen))
    expect(metadata.get('adapter.lora.alpha')).toBe(Math.fround(alpha))
    const names = { 'mlp.up_proj': 'ffn_up', 'self_attn.q_proj': 'attn_q' }
    for (const [path, name] of Object.entries(names)) {
      const [a, b] = ['lora_a', 'lora_b'].map(side => written.get(`blk.0.${name}.weight.${side}`)!)
      const R = b!.ne[0]!
      const change = (A: ArrayLike<number>, B: ArrayLike<number>, scale: number) =>
        matmul('nn', B, A, { M: 4, N: 5, K: R }).map(v => v * scale)
      const [A, B] = ['A', 'B'].map(
        side => tensors.get(`base_model.model.model.layers.0.${path}.lora_${side}.weight`)!.data,
      )
      const want = change(A!, B!, scaleOf(config, `model.layers.0.${path}`))
      // llama.cpp scales by alpha over the rank. Two roundings of B and alpha, in sums of three products.
      expectClose(change(a!.data, b!.data, alpha / R), want, { atol: 1e-6, rtol: 1e-6 })
    }
  })
})

describe('what llama.cpp cannot apply is refused', () => {
  const with_ = async (change: (adapter: PeftAdapter) => void) => {
    const adapter = await adapterOf('qwen2')
    change(adapter)
    return adapter
  }

  test('DoRA', async () => {
    const adapter = await with_(({ config }) => {
      config.useDora = true
    })
    expect(() => ggufLora(adapter, qwen)).toThrow(
      new GgufError('llama.cpp applies no DoRA. Export the model with the adapter merged into its weights'),
    )
  })

  test('a layer without a name there', async () => {
    const adapter = await with_(({ tensors }) => {
      for (const side of ['A', 'B'])
        tensors.set(`base_model.model.lm_head.lora_${side}.weight`, tensors.get(`${q}.lora_${side}.weight`)!)
    })
    expect(() => ggufLora(adapter, qwen)).toThrow(
      new GgufError("lm_head has no name in llama.cpp's qwen2: train an adapter on other layers"),
    )
  })

  test.each([
    ['{', /^config.json is not JSON/],
    ['{}', /^config.json: model_type is undefined, adapters are written for llama, mistral/],
    ['{"model_type":"constructor"}', /model_type is constructor/],
    ['{"model_type":"llama"}', /^config.json: num_attention_heads is undefined, expected a positive integer/],
    ['{"model_type":"llama","num_attention_heads":4,"num_key_value_heads":0}', /num_key_value_heads is 0/],
  ])('a config.json that is %s', async (config, message) => {
    const adapter = await adapterOf('qwen2')
    expect(() => ggufLora(adapter, config)).toThrow(GgufError)
    expect(() => ggufLora(adapter, config)).toThrow(message)
  })
})
