import { describe, expect, vi } from 'vitest'
import { dryGpu } from '../../src/gpu/dry-gpu'
import { OutOfMemoryError } from '../../src/gpu/errors'
import type { Gpu } from '../../src/gpu/gpu'
import { openSafetensors, type TensorData, writeSafetensors } from '../../src/io/safetensors'
import { TokenizerError } from '../../src/io/tokenizer'
import { architectures } from '../../src/models/architectures'
import { ModelError } from '../../src/models/errors'
import { type LoadOptions, loadModel } from '../../src/models/load-model'
import { f16 } from '../../src/ops/format-f16'
import { shardsOf } from '../../src/ops/matrix'
import { f32Weight } from '../f32-weight'
import { test } from '../gpu'
import { bitsOf, fromBase64, sourceOf } from '../io/bytes'
import { architectures as fixtures } from './architecture-fixture'
import { folder, type LlamaFixture, tied, untied } from './llama-fixture'

const gpt2 = fixtures.gpt2!

type Tensors = Map<string, TensorData>

async function tensorsOf({ files }: LlamaFixture): Promise<Tensors> {
  const file = await openSafetensors(sourceOf(fromBase64(files['model.safetensors']!)))
  const read = async ([name, { shape }]: [string, { shape: readonly number[] }]) =>
    [name, { shape, data: await file.read(name) }] as const
  return new Map(await Promise.all([...file.tensors].map(read)))
}

/** The fixture's folder, called tiny, with its config and its tensors changed. */
async function changed(
  fixture: LlamaFixture,
  { config, tensors }: { config?: string | Record<string, unknown>; tensors?: (all: Tensors) => void },
) {
  const json = { ...JSON.parse(fixture.files['config.json']!), ...(typeof config === 'object' ? config : {}) }
  const weights = await tensorsOf(fixture)
  tensors?.(weights)
  const file = String.fromCharCode(...writeSafetensors(weights))
  return folder(
    {
      'config.json': typeof config === 'string' ? config : JSON.stringify(json),
      'model.safetensors': btoa(file),
    },
    'tiny',
  )
}

const zeros = (...shape: number[]): TensorData => ({
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
})

/** Loads into a device that only counts. */
const loadDry = (files: Parameters<typeof loadModel>[1], options: LoadOptions = {}, gpu: Gpu = dryGpu()) =>
  loadModel(gpu, files, options)

async function expectRefusal(loading: Promise<unknown>, message: string): Promise<void> {
  await expect(loading).rejects.toThrow(ModelError)
  await expect(loading).rejects.toThrow(new ModelError(message))
}

test('puts every weight on the GPU as it is in the file', async ({ gpu }) => {
  using model = await loadModel(gpu, folder(untied.files, 'tiny'))
  expect(model.name).toBe('tiny')
  expect(model.network).toMatchObject({
    architecture: 'llama',
    vocabulary: 123,
    hidden: 32,
    maxPositions: 128,
  })
  expect(model.tokenizer.hasChatTemplate).toBe(true)
  const want = await tensorsOf(untied)
  expect([...model.network.weights.keys()].sort()).toEqual([...want.keys()].sort())
  for (const [name, tensor] of model.network.weights) {
    expect(tensor.shape).toEqual(want.get(name)!.shape)
    expect(bitsOf(await gpu.read(f32Weight(tensor)))).toEqual(bitsOf(want.get(name)!.data))
  }
  expect(model.network.linears.map(({ path }) => path).slice(0, 8)).toEqual([
    'model.layers.0.self_attn.q_proj',
    'model.layers.0.self_attn.k_proj',
    'model.layers.0.self_attn.v_proj',
    'model.layers.0.self_attn.o_proj',
    'model.layers.0.mlp.gate_proj',
    'model.layers.0.mlp.up_proj',
    'model.layers.0.mlp.down_proj',
    'model.layers.1.self_attn.q_proj',
  ])
})

test('ties the output projection to the embedding, even where the file repeats it', async () => {
  const repeated = await changed(tied, {
    tensors: all => all.set('lm_head.weight', all.get('model.embed_tokens.weight')!),
  })
  for (const files of [folder(tied.files, 'tiny'), repeated]) {
    const { network } = await loadDry(files)
    expect(network.head).toBe(network.weights.get('model.embed_tokens.weight'))
  }
  const { network } = await loadDry(folder(untied.files, 'tiny'))
  expect(network.head).toBe(network.weights.get('lm_head.weight'))
})

test('refuses a tied head that is not the embedding', async () => {
  const embedding = 'model.embed_tokens.weight'
  const last = (values: Float32Array) => values.map((value, i) => (i < values.length - 1 ? value : value + 1))
  for (const other of [
    (of: { shape: readonly number[]; data: Float32Array }) => ({ ...of, data: last(of.data) }),
    () => zeros(122, 24),
  ]) {
    const files = await changed(tied, {
      tensors: all => all.set('lm_head.weight', other(all.get(embedding)!)),
    })
    await expect(loadDry(files)).rejects.toThrow(
      new ModelError(
        'tiny: config.json ties lm_head.weight to model.embed_tokens.weight, and the files hold another ' +
          'lm_head.weight. Set tie_word_embeddings to false, or remove that tensor',
      ),
    )
  }
})

test('ignores the table of rotary frequencies in older files', async () => {
  const name = 'model.layers.0.self_attn.rotary_emb.inv_freq'
  const { network } = await loadDry(await changed(tied, { tensors: all => all.set(name, zeros(8)) }))
  expect(network.weights.has(name)).toBe(false)
})

const known = architectures.map(({ modelType }) => modelType).join(', ')

describe('refuses', () => {
  test('a config that is not JSON', async () => {
    const reason = (() => {
      try {
        return JSON.parse('{"model_type":')
      } catch (error) {
        return (error as Error).message
      }
    })()
    const files = await changed(untied, { config: '{"model_type":' })
    await expectRefusal(loadDry(files), `tiny: config.json is not JSON: ${reason}`)
  })

  test.for([
    ['{"model_type":"mamba"}', '"mamba"'],
    ['{"model_type":"constructor"}', '"constructor"'],
    ['{"model_type":["llama"]}', '["llama"]'],
    ['{}', 'undefined'],
    ['null', 'undefined'],
    ['[]', 'undefined'],
    ['"llama"', 'undefined'],
  ] as const)('the architecture of %s', async ([config, kind]) => {
    const files = await changed(untied, { config })
    const message = `tiny: config.json: model_type is ${kind}, known are: ${known}`
    await expectRefusal(loadDry(files), message)
  })

  test('a config that asks for what is not computed', async () => {
    const files = await changed(untied, { config: { hidden_act: 'relu' } })
    await expectRefusal(loadDry(files), 'tiny: config.json: hidden_act is "relu", which is not supported')
  })

  test.for<[string, (all: Tensors) => void, string]>([
    [
      'a missing tensor',
      all => all.delete('model.layers.1.mlp.up_proj.weight'),
      'the weights lack model.layers.1.mlp.up_proj.weight',
    ],
    ['no output projection', all => all.delete('lm_head.weight'), 'the weights lack lm_head.weight'],
    [
      'another shape',
      all => all.set('model.layers.0.self_attn.k_proj.weight', zeros(32, 32)),
      'model.layers.0.self_attn.k_proj.weight has shape [32, 32], config.json asks for [16, 32]',
    ],
    [
      'the same number of values in another shape',
      all => all.set('model.layers.0.self_attn.k_proj.weight', zeros(32, 16)),
      'model.layers.0.self_attn.k_proj.weight has shape [32, 16], config.json asks for [16, 32]',
    ],
    [
      'one tensor too many',
      all => all.set('model.layers.0.self_attn.q_proj.bias', zeros(32)),
      'the weights hold model.layers.0.self_attn.q_proj.bias, which a model of this config.json does not have',
    ],
    [
      'a layer too many',
      all => {
        all.set('model.layers.2.input_layernorm.weight', zeros(32))
        all.set('model.layers.2.post_attention_layernorm.weight', zeros(32))
      },
      'the weights hold model.layers.2.input_layernorm.weight and 1 more, which a model of this config.json does not have',
    ],
  ])('%s', async ([, tensors, message]) => {
    const gpu = dryGpu()
    await expectRefusal(loadDry(await changed(untied, { tensors }), {}, gpu), `tiny: ${message}`)
    expect(gpu.memory.peak, 'refused before anything is uploaded').toBe(0)
  })
})

describe('loading', () => {
  test('says how far it is', async () => {
    const seen: number[] = []
    const { network } = await loadDry(folder(tied.files, 'tiny'), {
      onProgress: fraction => seen.push(fraction),
    })
    const sizes = [...network.weights.values()].map(({ size }) => size)
    const total = sizes.reduce((a, b) => a + b, 0)
    let done = 0
    expect(seen).toEqual(
      sizes.map(size => {
        done += size
        return done / total
      }),
    )
    expect(seen.at(-1)).toBe(1)
  })

  test('stops where it is told to, for the reason given, and keeps no memory', async () => {
    const gpu = dryGpu()
    const files = folder(untied.files, 'tiny')
    const controller = new AbortController()
    const reason = new Error('the page was closed')
    const seen: number[] = []
    const onProgress = (fraction: number) => {
      seen.push(fraction)
      if (seen.length === 3) controller.abort(reason)
    }
    await expect(loadDry(files, { signal: controller.signal, onProgress }, gpu)).rejects.toBe(reason)
    expect(seen.length).toBe(3)
    expect(kept(gpu)).toBe(0)
    const never = loadDry(files, { signal: AbortSignal.abort(reason), onProgress }, gpu)
    await expect(never).rejects.toBe(reason)
    expect(seen.length).toBe(3)
  })

  test('keeps no memory when the model does not fit', async () => {
    const files = await changed(untied, { config: { max_position_embeddings: 1 << 24 } })
    // Room for every weight, not for the tables of as many positions.
    const gpu = dryGpu({ maxStorageBufferBindingSize: 1 << 19 })
    const loading = loadDry(files, {}, gpu)
    await expect(loading).rejects.toThrow(OutOfMemoryError)
    await expect(loading).rejects.toThrow(
      /binds at most 524288\. Its weights take .* as f32, .* as f16, .* as int8, /,
    )
    expect(kept(gpu)).toBe(0)
  })

  test('brings every row to the shard that has it', async () => {
    const layer = 'transformer.h.1.attn.c_attn.weight'
    const cases = [
      [untied, 'model.embed_tokens.weight', 59],
      [untied, 'lm_head.weight', 59],
      // [32, 96] in the file.
      [gpt2, layer, 32],
    ] as const
    for (const [fixture, name, rest] of cases) {
      // 64 rows of 32 values.
      const gpu = dryGpu({ maxStorageBufferBindingSize: 64 * 32 * 4 })
      const written = vi.spyOn(gpu, 'write')
      using model = await loadDry(folder(fixture.files, 'tiny'), {}, gpu)
      const shards = shardsOf(model.network.weights.get(name)!)
      expect(shards.map(({ first, rows }) => [first, rows])).toEqual([
        [0, 64],
        [64, rest],
      ])
      const values = shards.flatMap(({ values: { block } }) =>
        written.mock.calls.filter(([to]) => to.block === block).flatMap(([, data]) => [...data]),
      )
      const { data } = (await tensorsOf(fixture)).get(name)!
      const row = (o: number) => Array.from({ length: 32 }, (_, i) => data[i * 96 + o]!)
      expect(values).toEqual(name === layer ? Array.from({ length: 96 }, (_, o) => row(o)).flat() : [...data])
    }
  })

  test('refuses a weight that the storage cannot hold, and keeps no memory', async () => {
    const files = await changed(untied, {
      tensors: all => all.get('model.layers.1.mlp.up_proj.weight')!.data.fill(1e6, 5, 6),
    })
    const gpu = dryGpu()
    await expectRefusal(
      loadDry(files, { storage: f16 }, gpu),
      'tiny: model.layers.1.mlp.up_proj.weight: f16 cannot hold 1000000, its largest value is 65504. ' +
        'Load the model with storage: f32',
    )
    expect(kept(gpu)).toBe(0)
  })

  test('needs the memory that was planned', async () => {
    for (const { files } of [untied, tied]) {
      const [planned, loaded] = [dryGpu(), dryGpu()]
      using model = await loadDry(folder(files, 'tiny'), {}, loaded)
      using plan = model.network.plan(planned)
      expect([...plan.weights].map(([name, { shape }]) => [name, shape])).toEqual(
        [...model.network.weights].map(([name, { shape }]) => [name, shape]),
      )
      expect(planned.memory.peak).toBe(loaded.memory.peak)
    }
  })
})

/** Bytes of tensors that nobody has given back: all but the memory through which a device uploads. */
function kept(gpu: Gpu): number {
  const empty = dryGpu()
  empty.tensor([1], Float32Array.of(0))[Symbol.dispose]()
  for (const each of [gpu, empty]) each.trim()
  return gpu.memory.allocated - empty.memory.allocated
}

test('refuses text whose tokens the model has no embedding for', async () => {
  // The fixture's tokenizer has 330 entries, its model 123.
  using model = await loadDry(folder(untied.files, 'tiny'))
  expect(model.tokenizer.encode('')).toEqual([model.tokenizer.bosId])
  expect(() => model.tokenizer.encode('zebra')).toThrow(TokenizerError)
  expect(() => model.tokenizer.encode('zebra')).toThrow("and the model's vocabulary ends at 123")
  const piece = (text: string) => [{ text, trained: true, literal: true }]
  expect(model.tokenizer.encodePieces(piece('')).ids).toEqual([])
  expect(() => model.tokenizer.encodePieces(piece('zebra'))).toThrow(TokenizerError)
})
