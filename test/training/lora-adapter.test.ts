import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import { filesFromList } from '../../src/io/model-files'
import {
  type PeftAdapter,
  PeftAdapterError,
  readPeftAdapter,
  writePeftAdapter,
} from '../../src/io/peft-adapter'
import { pack, uploadPacked } from '../../src/nn/packed'
import { Tape } from '../../src/ops/tape'
import { TrainingError } from '../../src/training/errors'
import { LoraAdapter, type LoraOptions } from '../../src/training/lora-adapter'
import { f32Weight } from '../f32-weight'
import { test } from '../gpu'
import { bitsOf } from '../io/bytes'
import { expectClose, noise } from '../numbers'
import { tinyConfig, tinyLlama } from '../tiny-llama'

const AT = 'base_model.model.model.layers'
const kinds = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj']

/** An adapter with values everywhere, and what PEFT would find in it. */
async function filled(
  gpu: Gpu,
  network: ReturnType<typeof tinyLlama>,
  options: LoraOptions = {},
): Promise<PeftAdapter> {
  using adapter = LoraAdapter.create(network, { rank: 3, alpha: 7, ...options })
  gpu.write(adapter.values, noise(adapter.values.size, 5))
  return await adapter.toPeft('some/model')
}

describe('a fresh adapter', () => {
  test('has A uniform in ±1/√I, B zero, and gradients of zero', async ({ gpu }) => {
    using network = tinyLlama(gpu)
    using adapter = LoraAdapter.create(network, { rank: 4, seed: 1 })
    expect((await gpu.read(adapter.grads)).every(g => g === 0)).toBe(true)
    const { tensors, config } = await adapter.toPeft()
    expect(config).toEqual({
      r: 4,
      loraAlpha: 8,
      targetModules: kinds,
      useRslora: false,
      useDora: false,
      loraDropout: 0,
      rankPattern: {},
      alphaPattern: {},
      baseModel: null,
    })
    expect(tensors.size).toBe(2 * kinds.length * tinyConfig.layers)
    const seen = new Set<string>()
    for (const [name, { shape, data }] of tensors) {
      if (name.endsWith('lora_B.weight')) {
        expect(shape[1]).toBe(4)
        expect(data.every(v => v === 0)).toBe(true)
        continue
      }
      expect(shape[0]).toBe(4)
      const bound = 1 / Math.sqrt(shape[1]!)
      const scaled = data.map(v => v / bound)
      expect(Math.max(...scaled.map(Math.abs))).toBeLessThanOrEqual(1)
      expect(Math.max(...scaled)).toBeGreaterThan(0.9)
      expect(Math.min(...scaled)).toBeLessThan(-0.9)
      // The mean of n uniform numbers in ±1 has standard deviation 1/√(3n).
      const mean = scaled.reduce((a, b) => a + b, 0) / scaled.length
      expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(3 * scaled.length))
      seen.add(data.slice(0, 8).join())
    }
    expect(seen.size).toBe(kinds.length * tinyConfig.layers)
    expect(adapter.size).toBe([...tensors.values()].reduce((sum, { data }) => sum + data.length, 0))
  })

  test('is the same for a seed and another for another', async ({ gpu }) => {
    using network = tinyLlama(gpu)
    const values = async (seed: number) => {
      using adapter = LoraAdapter.create(network, { rank: 4, seed })
      return (await adapter.toPeft()).tensors
    }
    expect(await values(1)).toEqual(await values(1))
    expect(await values(1)).not.toEqual(await values(2))
  })

  test.for([false, true])('changes nothing, with DoRA: %s', async (dora, { gpu }) => {
    using network = tinyLlama(gpu)
    using adapter = LoraAdapter.create(network, { rank: 4, dora })
    using packed = uploadPacked(gpu, pack([Uint32Array.of(3, 1, 4, 1, 5, 9, 2, 6)]))
    const hidden = async (map: LoraAdapter['map'] | null) => {
      using tape = new Tape(gpu, { grad: false })
      return await gpu.read(network.forward(tape, packed, { adapter: map }))
    }
    expect(await hidden(adapter.map)).toEqual(await hidden(null))
  })

  test('goes to the layers that are named, by the last parts of their paths', ({ gpu }) => {
    using network = tinyLlama(gpu)
    const paths = (...targets: string[]) => {
      using adapter = LoraAdapter.create(network, { rank: 2, targets })
      return [...adapter.map.keys()]
    }
    expect(paths('v_proj')).toEqual([0, 1].map(l => `model.layers.${l}.self_attn.v_proj`))
    expect(paths('mlp.up_proj', 'q_proj')).toHaveLength(4)
    expect(paths('model.layers.1.mlp.down_proj')).toEqual(['model.layers.1.mlp.down_proj'])
  })

  test('has other ranks and alphas where they are given, and the lengths of rows for magnitudes', async ({
    gpu,
  }) => {
    using network = tinyLlama(gpu)
    using adapter = LoraAdapter.create(network, {
      rank: 4,
      alpha: 6,
      rslora: true,
      dora: true,
      dropout: 0.1,
      rankPattern: { 'layers.1.mlp.up_proj': 2, up_proj: 9 },
      alphaPattern: { q_proj: 3 },
    })
    expect(adapter.dropout).toBe(0.1)
    const at = (path: string) => adapter.map.get(`model.layers.${path}`)!
    expect(at('0.mlp.up_proj')).toMatchObject({ scale: 6 / 3, stream: 5 })
    expect(at('1.mlp.up_proj')).toMatchObject({ scale: 6 / Math.sqrt(2), stream: 12 })
    expect(at('1.mlp.up_proj').a.shape).toEqual([2, 32])
    expect(at('1.self_attn.q_proj').scale).toBe(3 / 2)
    const { tensors } = await adapter.toPeft()
    const magnitudes = tensors.get(`${AT}.1.self_attn.v_proj.lora_magnitude_vector`)!
    const rows = await gpu.read(f32Weight(network.weights.get('model.layers.1.self_attn.v_proj.weight')))
    expect(magnitudes.shape).toEqual([16])
    expectClose(
      magnitudes.data,
      Array.from({ length: 16 }, (_, o) => Math.hypot(...rows.subarray(o * 32, (o + 1) * 32))),
      { atol: 1e-6, rtol: 1e-6 },
    )
  })

  test('is trained on as a copy of its own', async ({ gpu }) => {
    using network = tinyLlama(gpu)
    using adapter = LoraAdapter.create(network, { rank: 3, dora: true })
    gpu.write(adapter.values, noise(adapter.values.size, 5))
    using copy = adapter.copy()
    const before = await copy.toPeft()
    expect(before).toEqual(await adapter.toPeft())
    gpu.clear(adapter.values)
    expect(await copy.toPeft()).toEqual(before)
  })

  test('refuses what makes no sense', ({ gpu }) => {
    using network = tinyLlama(gpu)
    const create = (options: object) => () => LoraAdapter.create(network, options)
    expect(create({ rank: 0 })).toThrow(new TrainingError('LoRA rank is 0, expected a positive integer'))
    expect(create({ rank: 2.5 })).toThrow(new TrainingError('LoRA rank is 2.5, expected a positive integer'))
    expect(create({ alpha: -1 })).toThrow(new TrainingError('LoRA alpha is -1, expected a positive number'))
    expect(create({ alpha: Number.NaN })).toThrow(TrainingError)
    expect(create({ targets: ['q_proj', 'c_attn', 'proj', 'p.q_proj'] })).toThrow(
      new TrainingError(
        `the model has no linear layer named c_attn, proj, p.q_proj; it has ${kinds.join(', ')}`,
      ),
    )
    expect(create({ dropout: 1 })).toThrow(new TrainingError('LoRA dropout is 1, expected 0 to below 1'))
    expect(create({ rankPattern: { q_proj: 0 } })).toThrow(
      new TrainingError('LoRA rank is 0, expected a positive integer'),
    )
    expect(create({ targets: ['q_proj'], alphaPattern: { v_proj: 1 } })).toThrow(
      new TrainingError('the adapter changes no layer named v_proj, which a rank or alpha is given for'),
    )
    expect(create({ targets: [] })).toThrow(new TrainingError('the adapter has no target layers'))
  })
})

describe('the way to PEFT and back', () => {
  test.for<LoraOptions>([
    {},
    { rank: 8 },
    { dora: true, rslora: true, dropout: 0.05 },
    { rankPattern: { q_proj: 5 }, alphaPattern: { 'mlp.up_proj': 1.5 } },
  ])('keeps every bit, at %o', async (options, { gpu }) => {
    using network = tinyLlama(gpu)
    const saved = await filled(gpu, network, options)
    const files = writePeftAdapter(saved)
    const read = await readPeftAdapter(
      filesFromList(new Map(Object.entries(files).map(([name, content]) => [name, new Blob([content])]))),
    )
    using loaded = LoraAdapter.fromPeft(network, read)
    const again = await loaded.toPeft('some/model')
    expect([...again.tensors.keys()].sort()).toEqual([...saved.tensors.keys()].sort())
    for (const [name, { shape, data }] of saved.tensors) {
      expect(again.tensors.get(name)!.shape).toEqual(shape)
      expect(bitsOf(again.tensors.get(name)!.data)).toEqual(bitsOf(data))
      expect(data.some(v => v !== 0)).toBe(true)
    }
    expect(writePeftAdapter(again)).toEqual(files)
  })

  test('scales by α/r, or by α/√r', async ({ gpu }) => {
    using network = tinyLlama(gpu)
    const { config, tensors } = await filled(gpu, network)
    const scale = (useRslora: boolean) => {
      using adapter = LoraAdapter.fromPeft(network, { config: { ...config, useRslora }, tensors })
      return [...adapter.map.values()].map(factors => factors.scale)
    }
    expect(new Set(scale(false))).toEqual(new Set([7 / 3]))
    expect(new Set(scale(true))).toEqual(new Set([7 / Math.sqrt(3)]))
  })

  test.for<[string, (adapter: PeftAdapter) => void, Error]>([
    [
      'lacks a tensor',
      ({ tensors }) => tensors.delete(`${AT}.1.mlp.up_proj.lora_B.weight`),
      new PeftAdapterError(
        `the adapter lacks ${AT}.1.mlp.up_proj.lora_B.weight, which the model has a layer for`,
      ),
    ],
    [
      'has a tensor of another shape',
      ({ tensors }) =>
        tensors.set(`${AT}.0.self_attn.k_proj.lora_B.weight`, { shape: [32, 3], data: new Float32Array(96) }),
      new PeftAdapterError(
        `${AT}.0.self_attn.k_proj.lora_B.weight has shape [32, 3], the model asks for [16, 3]`,
      ),
    ],
    [
      'holds a tensor too many',
      ({ tensors }) => tensors.set(`${AT}.2.mlp.up_proj.lora_A.weight`, { shape: [3, 32], data: noise(96) }),
      new PeftAdapterError(
        `the adapter holds ${AT}.2.mlp.up_proj.lora_A.weight, which changes no layer of this model`,
      ),
    ],
    [
      'names a layer that is not there',
      ({ config }) => {
        config.targetModules = ['q_proj', 'c_attn']
      },
      new TrainingError(`the model has no linear layer named c_attn; it has ${kinds.join(', ')}`),
    ],
  ])('refuses an adapter that %s, and keeps no memory', async ([, change, error], { gpu }) => {
    using network = tinyLlama(gpu)
    const saved = await filled(gpu, network)
    change(saved)
    gpu.trim()
    const { allocated } = gpu.memory
    expect(() => LoraAdapter.fromPeft(network, saved)).toThrow(error)
    gpu.trim()
    expect(gpu.memory.allocated).toBe(allocated)
  })
})
