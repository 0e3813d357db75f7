import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import { readPeftAdapter } from '../../src/io/peft-adapter'
import type { CausalNetwork } from '../../src/models/causal-network'
import { generateTokens } from '../../src/models/generate-tokens'
import { type LoadOptions, loadModel } from '../../src/models/load-model'
import { pack } from '../../src/nn/packed'
import { f16 } from '../../src/ops/format-f16'
import { shardsOf } from '../../src/ops/matrix'
import { LoraAdapter } from '../../src/training/lora-adapter'
import { test } from '../gpu'
import { bitsOf } from '../io/bytes'
import { expectSame, noise } from '../numbers'
import {
  type ArchitectureFixture,
  architectures,
  type FloatType,
  type StoredTensor,
  safetensorsOf,
  stored,
  weightsOf,
  withConfig,
  withWeights,
} from './architecture-fixture'
import { expectedOf, folder, type LlamaFixture } from './llama-fixture'
import {
  expectAgreement,
  hiddenAndLogits,
  hiddenInPieces,
  hiddenOf,
  logProbsAndGradients,
  rootMeanSquare,
  trainedWeights,
} from './on-network'

const load = ({ files, name }: LlamaFixture, gpu: Gpu, options: LoadOptions = {}) =>
  loadModel(gpu, folder(files, name), options)

const adapterOf = async ({ adapter }: ArchitectureFixture, network: CausalNetwork) =>
  LoraAdapter.fromPeft(network, await readPeftAdapter(folder(adapter, 'adapter')))

/** Rows and columns of a matrix [rows, columns] exchanged. */
function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  return values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!)
}

/** The gradients of PyTorch by name, in the layout of the network's weights: GPT-2's files have them transposed. */
function wantedGradients(
  { name }: ArchitectureFixture,
  want: ReadonlyMap<string, Float32Array>,
  { weights }: CausalNetwork,
): Map<string, Float32Array> {
  const gradients = [...want].filter(([key]) => key.startsWith('grad.'))
  return new Map(
    gradients.map(([key, values]) => {
      const weight = key.slice('grad.'.length)
      if (name !== 'gpt2' || !/\.c_(attn|fc|proj)\.weight$/.test(weight)) return [weight, values]
      const [O = 0, I = 0] = weights.get(weight)?.shape ?? []
      return [weight, transpose(values, I, O)]
    }),
  )
}

/** How far a tensor is from another, over that one's size. */
const distance = (got: Float32Array, want: Float32Array) =>
  rootMeanSquare(got.map((x, i) => x - want[i]!)) / rootMeanSquare(want)

describe.each(Object.values(architectures))('$name', fixture => {
  const all = pack(fixture.sequences)

  test('has the hidden states and logits of PyTorch', async ({ gpu }) => {
    using model = await load(fixture, gpu)
    const want = await expectedOf(fixture)
    const { hidden, logits } = await hiddenAndLogits(model.network, all)
    expectAgreement(hidden, want.get('hidden')!)
    expectAgreement(logits, want.get('logits')!)
  })

  test('has the log-probs of PyTorch and its gradients by every weight', async ({ gpu }) => {
    using model = await load(fixture, gpu)
    const { network } = model
    const want = await expectedOf(fixture)
    using parameters = trainedWeights(network)
    const { logProbs, gradients } = await logProbsAndGradients(fixture, network, parameters)
    expectAgreement(logProbs, want.get('log_probs')!)
    const wanted = wantedGradients(fixture, want, network)
    expect([...gradients.keys()].sort()).toEqual([...wanted.keys()].sort())
    for (const [name, gradient] of gradients) expectAgreement(gradient, wanted.get(name)!)
  })

  test('has the hidden states, log-probs and gradients of PEFT with an adapter', async ({ gpu }) => {
    using model = await load(fixture, gpu)
    const { network } = model
    using adapter = await adapterOf(fixture, network)
    const want = await expectedOf(fixture)
    expectAgreement(await hiddenOf(network, all, adapter.map), want.get('adapter.hidden')!)
    const { logProbs, gradients } = await logProbsAndGradients(
      fixture,
      network,
      adapter.parameters,
      // Layers computed again in the backward pass, here: all weights' gradients above are without.
      { adapter: adapter.map, recompute: true },
    )
    expectAgreement(logProbs, want.get('adapter.log_probs')!)
    const prefix = 'adapter.grad.base_model.model.'
    const names = [...want.keys()].filter(name => name.startsWith(prefix))
    expect([...gradients.keys()].map(name => prefix + name).sort()).toEqual(names.sort())
    for (const [name, gradient] of gradients) expectAgreement(gradient, want.get(prefix + name)!)
  })

  test('continues a prompt by the 64 tokens of PyTorch', async ({ gpu }) => {
    using model = await load(fixture, gpu)
    const ids: number[] = []
    for await (const id of generateTokens(model.network, fixture.prompt, { maxTokens: 64 })) ids.push(id)
    expect(ids).toEqual(fixture.answer)
    expect(model.tokenizer.decode(ids)).toBe(model.tokenizer.decode([...fixture.answer]))
  })

  test('gives the same bits packed, alone, and token by token with a key-value cache', async ({ gpu }) => {
    using model = await load(fixture, gpu)
    const { network } = model
    const together = await hiddenOf(network, pack(fixture.sequences, 40))
    const alone: number[] = []
    for (const ids of fixture.sequences) alone.push(...(await hiddenOf(network, pack([ids]))))
    expectSame(together.slice(0, alone.length), alone)
    const ids = fixture.sequences[2]!
    // A prompt, a few tokens together, then one at a time; slots that nothing has filled must not be seen.
    const ends = [9, 12, ...ids.map((_, t) => t + 1).filter(end => end > 12)]
    expectSame(await hiddenInPieces(network, ids, ends, 32), alone.slice(-ids.length * network.hidden))
  })

  test('is the same model with the config of an older version', async ({ gpu }) => {
    using model = await load(fixture, gpu)
    using older = await load(withConfig(fixture, fixture.olderConfig), gpu)
    expectSame(await hiddenOf(older.network, all), await hiddenOf(model.network, all))
  })

  test('has the same weights from files in f32, f16 and bf16', async ({ gpu }) => {
    const weights = await weightsOf(fixture)
    const loaded = async (type: FloatType) => {
      using model = await load(withWeights(fixture, weights, type), gpu)
      const read = [...model.network.weights].flatMap(([name, weight]) =>
        shardsOf(weight).map(async ({ values }) => [name, bitsOf(await gpu.read(values))] as const),
      )
      return Promise.all(read)
    }
    const single = await loaded('F32')
    expect(await loaded('F16')).toEqual(single)
    expect(await loaded('BF16')).toEqual(single)
  })

  test('stored as fp16, agrees with PyTorch where fp16 holds its weights, and nearly where not', async ({
    gpu,
  }) => {
    const want = await expectedOf(fixture)
    const run = async (other: LlamaFixture, options: LoadOptions) => {
      using model = await load(other, gpu, options)
      const { network } = model
      using adapter = await adapterOf(fixture, network)
      const { gradients } = await logProbsAndGradients(fixture, network, adapter.parameters, {
        adapter: adapter.map,
      })
      return { logits: (await hiddenAndLogits(network, all)).logits, gradients }
    }
    const exact = await run(fixture, { storage: f16 })
    expectAgreement(exact.logits, want.get('logits')!)
    for (const [name, gradient] of exact.gradients) {
      expectAgreement(gradient, want.get(`adapter.grad.base_model.model.${name}`)!)
    }
    // Weights with more digits than fp16 has.
    const weights = await weightsOf(fixture)
    let seed = 0
    for (const { data } of weights.values()) {
      noise(data.length, seed++, 2 ** -8).forEach((x, i) => {
        data[i]! *= 1 + x
      })
    }
    const finer = withWeights(fixture, weights)
    const [half, single] = [await run(finer, { storage: f16 }), await run(finer, {})]
    expect(half.logits).not.toEqual(single.logits)
    expect(distance(half.logits, single.logits)).toBeLessThan(1e-2)
    for (const [name, gradient] of half.gradients) {
      expect(distance(gradient, single.gradients.get(name)!), name).toBeLessThan(1e-2)
    }
  })
})

describe('files of the Hub', () => {
  const { gpt2, neox } = architectures as Record<'gpt2' | 'neox', ArchitectureFixture>
  const mask = (dtype: string, ...shape: number[]): StoredTensor => ({
    dtype,
    shape,
    bytes: new Uint8Array(shape.reduce((a, b) => a * b, dtype === 'F16' ? 2 : dtype === 'F32' ? 4 : 1)),
  })

  const same = async (gpu: Gpu, a: LlamaFixture, b: LlamaFixture) => {
    using one = await load(a, gpu)
    using other = await load(b, gpu)
    expect([...other.network.weights.keys()]).toEqual([...one.network.weights.keys()])
    const arrays = pack(a.sequences)
    expectSame(await hiddenOf(other.network, arrays), await hiddenOf(one.network, arrays))
  }

  test('of GPT-2 leave its prefix out and hold its masks', async ({ gpu }) => {
    const tensors = [...(await weightsOf(gpt2))].map(
      ([name, tensor]) => [name.replace(/^transformer\./, ''), stored(tensor, 'F32')] as const,
    )
    const masks = [0, 1].map(l => [`h.${l}.attn.bias`, mask('F32', 1, 1, 72, 72)] as const)
    const file = safetensorsOf(new Map<string, StoredTensor>([...tensors, ...masks]))
    await same(gpu, gpt2, { ...gpt2, files: { ...gpt2.files, 'model.safetensors': file } })
  })

  test('of GPT-2 without scaled attention have the scale in their queries', async ({ gpu }) => {
    using scaled = await load(gpt2, gpu)
    const { hidden } = scaled.network
    const weights = new Map(
      [...(await weightsOf(gpt2))].map(([name, { shape, data }]) => {
        // Columns of queries, keys and values, of heads of 8 values.
        const queries = (i: number) => name.includes('.attn.c_attn.') && i % (3 * hidden) < hidden
        return [name, { shape, data: data.map((x, i) => (queries(i) ? x / Math.sqrt(8) : x)) }] as const
      }),
    )
    const config = { ...JSON.parse(gpt2.files['config.json']!), scale_attn_weights: false }
    using model = await load(withConfig(withWeights(gpt2, weights), JSON.stringify(config)), gpu)
    const arrays = pack(gpt2.sequences)
    expectAgreement(await hiddenOf(model.network, arrays), await hiddenOf(scaled.network, arrays))
  })

  test('of Pythia hold its masks and its rotary frequencies', async ({ gpu }) => {
    const tensors = [...(await weightsOf(neox))].map(
      ([name, tensor]) => [name, stored(tensor, 'F16')] as const,
    )
    const masks = [0, 1].flatMap(l => {
      const at = `gpt_neox.layers.${l}.attention`
      return [
        [`${at}.bias`, mask('BOOL', 1, 1, 128, 128)] as const,
        [`${at}.masked_bias`, mask('F16')] as const,
        [`${at}.rotary_emb.inv_freq`, mask('F16', 2)] as const,
      ]
    })
    const file = safetensorsOf(new Map<string, StoredTensor>([...tensors, ...masks]))
    await same(gpu, neox, { ...neox, files: { ...neox.files, 'model.safetensors': file } })
  })
})
