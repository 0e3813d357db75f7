import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { dryGpu } from '../../src/gpu/dry-gpu'
import { openSafetensors } from '../../src/io/safetensors'
import { bert } from '../../src/models/bert'
import type { EncoderNetwork } from '../../src/models/encoder-network'
import { ModelError } from '../../src/models/errors'
import { loadNetwork, readBlueprint } from '../../src/models/load-network'
import { uploadPacked } from '../../src/nn/packed'
import { f16 } from '../../src/ops/format-f16'
import { int8 } from '../../src/ops/format-int8'
import { shardsOf } from '../../src/ops/matrix'
import { Tape } from '../../src/ops/tape'
import { test } from '../gpu'
import { fromBase64, sourceOf } from '../io/bytes'
import { expectSame } from '../numbers'
import { type StoredTensor, safetensorsOf } from './architecture-fixture'
import { type BertFixture, encoderFolder, expectedOf, masked, mini } from './bert-fixture'
import { expectAgreement, rootMeanSquare } from './on-network'

async function hiddenOf(
  network: EncoderNetwork,
  sequences: readonly (readonly number[])[],
): Promise<Float32Array> {
  using tape = new Tape(network.gpu, { grad: false })
  using packed = uploadPacked(network.gpu, network.pack(sequences))
  return await network.gpu.read(network.forward(tape, packed))
}

/** The tensors of the fixture's file as they are stored. */
async function tensorsOf({ files }: BertFixture): Promise<Map<string, StoredTensor>> {
  const bytes = fromBase64(files['model.safetensors']!)
  const { tensors } = await openSafetensors(sourceOf(bytes))
  return new Map(
    [...tensors].map(([name, { dtype, shape, begin, end }]) => {
      return [name, { dtype, shape, bytes: bytes.subarray(begin, end) }] as const
    }),
  )
}

const withTensors = (fixture: BertFixture, tensors: ReadonlyMap<string, StoredTensor>) =>
  encoderFolder(fixture, { 'model.safetensors': safetensorsOf(tensors) })

const norms: Readonly<Record<string, string>> = {
  'LayerNorm.weight': 'LayerNorm.gamma',
  'LayerNorm.bias': 'LayerNorm.beta',
}

/** What is computed of the weights, and what is not. */
const unused = /position_ids$|pooler|^cls\./

describe.each([mini, masked])('BERT: $name', fixture => {
  const { sequences } = fixture
  const files = encoderFolder(fixture)

  test('has the hidden states of PyTorch', async ({ gpu }) => {
    using network = await loadNetwork(gpu, files, [bert])
    expectAgreement(await hiddenOf(network, sequences), (await expectedOf(fixture)).get('hidden')!)
  })

  test('gives the same bits packed and alone', async ({ gpu }) => {
    using network = await loadNetwork(gpu, files, [bert])
    const alone: number[] = []
    for (const ids of sequences) alone.push(...(await hiddenOf(network, [ids])))
    expectSame(await hiddenOf(network, sequences), alone)
  })

  test('computes with weights in fp16 and int8', async ({ gpu }) => {
    const want = (await expectedOf(fixture)).get('hidden')!
    // The weights have at most eight significant bits: nothing is lost in fp16. An int8 weight is off by up to 1/254 of
    // the largest of its row, some 0.6 % of their RMS; over the 12 or 18 products of all layers that makes 2 to 3 %.
    for (const [storage, share] of [
      [f16, 1e-4],
      [int8, 0.05],
    ] as const) {
      using network = await loadNetwork(gpu, files, [bert], { storage })
      const formats = [...network.weights.values()].flatMap(shardsOf).map(({ format }) => format.name)
      expect(formats).toContain(storage.name)
      const got = await hiddenOf(network, sequences)
      const error = rootMeanSquare(got.map((value, i) => value - want[i]!)) / rootMeanSquare(want)
      expect(error).toBeLessThan(share)
    }
  })

  test('takes names with and without their prefix, and refuses files that do not fit', async () => {
    const tensors = await tensorsOf(fixture)
    const load = (of: ReadonlyMap<string, StoredTensor>) =>
      loadNetwork(dryGpu(), withTensors(fixture, of), [bert])
    const bare = fixture === mini
    const renamed = new Map(
      [...tensors].map(([name, tensor]) => [bare ? `bert.${name}` : name.replace(/^bert\./, ''), tensor]),
    )
    for (const of of [tensors, renamed]) {
      using network = await load(of)
      const used = [...tensors.keys()].filter(name => !unused.test(name))
      expect([...network.weights.keys()].sort()).toEqual(
        used.map(name => (bare ? `bert.${name}` : name)).sort(),
      )
    }
    // As bert-base-uncased names the values of its norms.
    const earlier = [...tensors].map(
      ([name, tensor]) => [name.replace(/LayerNorm\.(weight|bias)$/, norm => norms[norm]!), tensor] as const,
    )
    expect(earlier.filter(([name]) => /gamma$/.test(name)).length).toBeGreaterThan(4)
    using older = await load(new Map(earlier))
    expect([...older.weights.keys()]).toContain('bert.embeddings.LayerNorm.bias')
    const some = [...tensors].filter(([name]) => !unused.test(name)).filter((_, i) => i % 8 === 0)
    for (const [name, tensor] of some) {
      const fewer = new Map(tensors)
      fewer.delete(name)
      await expect(load(fewer)).rejects.toThrow(`${fixture.name}: the weights lack `)
      const wrong = new Map(tensors).set(name, { ...tensor, shape: [1, ...tensor.shape] })
      await expect(load(wrong)).rejects.toThrow(`${fixture.name}: ${name} has shape [1, `)
    }
    const extra = `${bare ? '' : 'bert.'}encoder.layer.9.output.dense.bias`
    const more = new Map(tensors).set(extra, { dtype: 'F16', shape: [1], bytes: new Uint8Array(2) })
    await expect(load(more)).rejects.toThrow(`the weights hold ${extra}`)
  })
})

test.for([
  ['position_embedding_type', { position_embedding_type: 'relative_key' }],
  ['is_decoder', { is_decoder: true }],
  ['add_cross_attention', { add_cross_attention: true }],
  ['hidden_act', { hidden_act: 'relu' }],
  ['hidden_act', { hidden_act: ['gelu'] }],
  ['hidden_size', { hidden_size: 30, num_attention_heads: 2 }],
  ['num_attention_heads', { num_attention_heads: 3 }],
  ['heads of size 4', { num_attention_heads: 16 }],
  ['type_vocab_size', { type_vocab_size: 0 }],
  ['vocab_size', { vocab_size: '30522' }],
  ['layer_norm_eps', { layer_norm_eps: 0 }],
  ['num_hidden_layers', { num_hidden_layers: 2.5 }],
  ['num_hidden_layers', { num_hidden_layers: 2 ** 30 }],
  ['max_position_embeddings', { max_position_embeddings: -1 }],
  ['model_type', { model_type: 'roberta' }],
] as const)('refuses a config whose %s is not computed here', async ([named, change]) => {
  const config = { ...JSON.parse(mini.files['config.json']!), ...change }
  const files = encoderFolder(mini, { 'config.json': JSON.stringify(config) })
  const error = await readBlueprint(files, [bert]).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(ModelError)
  expect((error as Error).message).toContain(named)
})

test('reads or refuses a config, whatever it says', async () => {
  const config = JSON.parse(mini.files['config.json']!)
  const fields = [...Object.keys(config), 'position_embedding_type', '__proto__']
  const number = fc.oneof(fc.constantFrom(0, -1, 1, 2, 8, 64, 0.5, 2 ** 31, 1e308), fc.integer())
  const value = fc.oneof(number, fc.constantFrom('gelu', 'absolute', 'toString', null), fc.jsonValue())
  const changes = fc.dictionary(fc.constantFrom(...fields), value, { minKeys: 1, maxKeys: 4 })
  let accepted = 0
  await fc.assert(
    fc.asyncProperty(changes, async changed => {
      const json = JSON.stringify({ ...config, ...changed, model_type: 'bert' })
      try {
        const { weights } = await readBlueprint(
          encoderFolder({ name: 'x', files: { 'config.json': json } }),
          [bert],
        )
        expect([...weights.values()].every(({ shape }) => shape.every(Number.isSafeInteger))).toBe(true)
        accepted++
      } catch (error) {
        expect(error).toBeInstanceOf(ModelError)
      }
    }),
    { numRuns: 1000 },
  )
  expect(accepted).toBeGreaterThan(100)
})
