import { describe, expect } from 'vitest'
import { filesFromList, type ModelFiles } from '../../src/io/model-files'
import { openWeights } from '../../src/io/model-weights'
import { readPeftAdapter } from '../../src/io/peft-adapter'
import type { CausalNetwork } from '../../src/models/causal-network'
import { Config } from '../../src/models/config'
import { gpt2 } from '../../src/models/gpt2'
import { loadModel } from '../../src/models/load-model'
import { pack } from '../../src/nn/packed'
import { halfBits } from '../../src/ops/format-f16'
import { int8 } from '../../src/ops/format-int8'
import { TrainingError } from '../../src/training/errors'
import { type ExportedFile, exportModel } from '../../src/training/export-model'
import { LoraAdapter } from '../../src/training/lora-adapter'
import { mergeAdapter } from '../../src/training/merge-adapter'
import { f32Weight } from '../f32-weight'
import peft from '../fixtures/peft.json'
import { test } from '../gpu'
import { bitsOf } from '../io/bytes'
import { architectures } from '../models/architecture-fixture'
import { expectedOf, folder } from '../models/llama-fixture'
import { expectAgreement, hiddenOf } from '../models/on-network'
import { expectClose, expectSame, noise } from '../numbers'
import { tinyConfig, tinyLlama } from '../tiny-llama'

/** The files as a folder; each has the size that was told. */
async function written(files: readonly ExportedFile[]): Promise<ModelFiles> {
  const blobs = new Map<string, Blob>()
  for (const { path, size, chunks } of files) {
    const parts: Uint8Array<ArrayBuffer>[] = []
    for await (const chunk of chunks()) parts.push(chunk)
    const blob = new Blob(parts)
    expect([path, blob.size]).toEqual([path, size])
    blobs.set(path, blob)
  }
  return filesFromList(blobs, 'exported')
}

const adapterOf = async (network: CausalNetwork, files: Readonly<Record<string, string>>) =>
  LoraAdapter.fromPeft(network, await readPeftAdapter(folder(files, 'adapter')))

describe.each(Object.values(architectures))('$name', fixture => {
  const source = folder(fixture.files, fixture.name)
  const all = pack(fixture.sequences)

  test('with its adapter of PEFT computes, exported and loaded, what PEFT computes', async ({ gpu }) => {
    using model = await loadModel(gpu, source)
    using adapter = await adapterOf(model.network, fixture.adapter)
    const files = await written(await exportModel(model.network, source, { adapter, fileBytes: 20_000 }))
    expect(await files.has('model.safetensors.index.json')).toBe(true)
    using again = await loadModel(gpu, files)
    const want = await expectedOf(fixture)
    expectAgreement(await hiddenOf(again.network, all), want.get('adapter.hidden')!)
    expect(again.tokenizer.size).toBe(model.tokenizer.size)
  })

  test('without one has the same tensors, bit for bit', async ({ gpu }) => {
    using model = await loadModel(gpu, source)
    const files = await written(await exportModel(model.network, source))
    const [theirs, ours] = [await openWeights(source), await openWeights(files)]
    const names = [...model.network.weights.keys()]
    expect(ours.names().sort()).toEqual(names.sort())
    for (const name of names) {
      expect(ours.entry(name)!.shape).toEqual(theirs.entry(name)!.shape)
      expect(bitsOf(await ours.read(name))).toEqual(bitsOf(await theirs.read(name)))
    }
    const [before, after] = await Promise.all([source, files].map(each => each.text('config.json')))
    expect(JSON.parse(after!)).toEqual({ ...JSON.parse(before!), dtype: 'float32' })
  })
})

describe.each(['llama3', 'gpt2'] as const)('DoRA on %s', name => {
  const fixture = architectures[name]!
  const source = folder(fixture.files, name)

  test('is merged as PEFT merges it', async ({ gpu }) => {
    using model = await loadModel(gpu, source)
    using adapter = await adapterOf(model.network, peft[name].adapter)
    const files = await written(await exportModel(model.network, source, { adapter }))
    const want = await expectedOf({ ...fixture, expected: peft[name].expected })
    const weights = await openWeights(files)
    const merged = [...want].filter(([key]) => key.startsWith('merged.'))
    expect(merged.length).toBeGreaterThan(3)
    for (const [key, values] of merged) {
      expectAgreement(await weights.read(key.slice('merged.'.length)), values)
    }
    using again = await loadModel(gpu, files)
    expectAgreement(await hiddenOf(again.network, pack(fixture.sequences)), want.get('hidden')!)
  })
})

describe('an export', () => {
  const fixture = architectures.qwen2!
  const source = folder(fixture.files, fixture.name)

  test.for(['f16', 'bf16'] as const)('as %s has each value at its nearest', async (dtype, { gpu }) => {
    using model = await loadModel(gpu, source)
    using adapter = await adapterOf(model.network, fixture.adapter)
    const [whole, half] = await Promise.all(
      (['f32', dtype] as const).map(async each =>
        openWeights(await written(await exportModel(model.network, source, { adapter, dtype: each }))),
      ),
    )
    for (const name of whole!.names()) {
      expect(half!.entry(name)!.dtype).toBe(dtype.toUpperCase())
      const [exact, rounded] = [await whole!.read(name), await half!.read(name)]
      // 11 or 8 significant bits, down to the smallest step of fp16.
      const bound = dtype === 'f16' ? { atol: 2 ** -25, rtol: 2 ** -11 } : { atol: 0, rtol: 2 ** -8 }
      expectClose(rounded, exact, bound)
      if (dtype === 'f16') expect(Array.from(rounded, halfBits)).toEqual(Array.from(exact, halfBits))
    }
  })

  test('turns weights that are larger than a piece as a whole', async ({ gpu }) => {
    // Queries, keys and values are 1920 × 640 values: two pieces of 2²⁰ at most.
    const config = { n_embd: 640, n_inner: 64, n_head: 10, n_layer: 1, n_positions: 8, vocab_size: 8 }
    const json = JSON.stringify({ model_type: 'gpt2', ...config })
    const large = filesFromList(new Map([['config.json', new Blob([json])]]), 'large')
    const { weights: specs, build } = gpt2.blueprint(new Config(JSON.parse(json), 'large'))
    const weights = [...specs].map(([name, { shape }]) => [name, gpu.zeros(shape)] as const)
    using network = build(gpu, new Map(weights))
    const name = 'transformer.h.0.attn.c_attn.weight'
    const values = noise(1920 * 640)
    gpu.write(f32Weight(network.weights.get(name)), values)
    const files = await openWeights(await written(await exportModel(network, large)))
    expect(files.entry(name)!.shape).toEqual([640, 1920])
    const turned = values.map((_, i) => values[(i % 1920) * 640 + Math.floor(i / 1920)]!)
    expectSame(await files.read(name), turned)
  })

  test('of quantized weights has what they stand for, and computes the same', async ({ gpu }) => {
    using model = await loadModel(gpu, source, { storage: int8 })
    using adapter = await adapterOf(model.network, fixture.adapter)
    const all = pack(fixture.sequences)
    const want = await hiddenOf(model.network, all, adapter.map)
    using again = await loadModel(gpu, await written(await exportModel(model.network, source, { adapter })))
    expectAgreement(await hiddenOf(again.network, all), want)
  })

  test('copies what tells how text becomes tokens', async ({ gpu }) => {
    using model = await loadModel(gpu, source)
    const files = await exportModel(model.network, source, { dtype: 'bf16' })
    expect(files.map(({ path }) => path)).toEqual([
      'config.json',
      'model.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
    ])
    const folderOf = await written(files)
    expect(await folderOf.text('tokenizer.json')).toBe(await source.text('tokenizer.json'))
  })

  test('refuses values that f16 cannot hold, and stops when told to', async ({ gpu }) => {
    using model = await loadModel(gpu, source)
    const table = f32Weight(model.network.weights.get('model.embed_tokens.weight'))
    gpu.write(table, Float32Array.of(70000))
    const files = await exportModel(model.network, source, { dtype: 'f16' })
    await expect(written(files)).rejects.toThrow(
      new TrainingError(
        "model.embed_tokens.weight holds 70000, beyond f16's 65504. Export it as bf16 or f32",
      ),
    )
    const { signal } = { signal: AbortSignal.abort(new Error('enough')) }
    await expect(exportModel(model.network, source, { signal }).then(written)).rejects.toThrow('enough')
  })

  test('refuses the files, and the adapter, of another model', async ({ gpu }) => {
    using model = await loadModel(gpu, source)
    const other = architectures.mistral!
    using small = tinyLlama(gpu, { ...tinyConfig, layers: 3 })
    using adapter = LoraAdapter.create(small)
    const error = new TrainingError(
      'the adapter changes model.layers.2.self_attn.q_proj, which the model does not have: it is of another model',
    )
    await expect(exportModel(model.network, source, { adapter })).rejects.toThrow(error)
    expect(() => mergeAdapter(model.network, adapter)).toThrow(error)
    await expect(exportModel(model.network, folder(other.files, 'mistral'))).rejects.toThrow(
      /^mistral\/config.json asks for model.embed_tokens.weight \[123, 24\], the network has \[123, 32\]/,
    )
  })
})
