import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import { readPeftAdapter } from '../../src/io/peft-adapter'
import type { CausalNetwork } from '../../src/models/causal-network'
import { loadModel } from '../../src/models/load-model'
import { pack } from '../../src/nn/packed'
import type { Weight } from '../../src/ops/matrix'
import { LoraAdapter } from '../../src/training/lora-adapter'
import { f32Weight } from '../f32-weight'
import { test } from '../gpu'
import { bitsOf } from '../io/bytes'
import { expectedOf, folder, type LlamaFixture, tied, untied } from './llama-fixture'
import {
  expectAgreement,
  hiddenAndLogits,
  hiddenInPieces,
  hiddenOf,
  logProbsAndGradients,
  trainedWeights,
} from './on-network'

const load = ({ files, name }: LlamaFixture, gpu: Gpu) => loadModel(gpu, folder(files, name))

describe.each([untied, tied])('a Llama with $name output projection', fixture => {
  test('has the hidden states and logits of PyTorch', async ({ gpu }) => {
    using model = await load(fixture, gpu)
    const { network } = model
    const want = await expectedOf(fixture)
    const { hidden, logits } = await hiddenAndLogits(network, pack(fixture.sequences))
    expectAgreement(hidden, want.get('hidden')!)
    expectAgreement(logits, want.get('logits')!)
  })

  test('has the log-probs of PyTorch and its gradients by every weight, also where layers are computed again', async ({
    gpu,
  }) => {
    using model = await load(fixture, gpu)
    const { network } = model
    const want = await expectedOf(fixture)
    using parameters = trainedWeights(network)
    const { logProbs, gradients } = await logProbsAndGradients(fixture, network, parameters, {
      recompute: fixture === tied,
    })
    expectAgreement(logProbs, want.get('log_probs')!)
    const names = [...want.keys()].filter(name => name.startsWith('grad.'))
    expect([...gradients.keys()].map(name => `grad.${name}`).sort()).toEqual(names.sort())
    for (const [name, gradient] of gradients) expectAgreement(gradient, want.get(`grad.${name}`)!)
  })

  test('gives packed sequences the bits that each has alone, whatever fills the rest', async ({ gpu }) => {
    using model = await load(fixture, gpu)
    const together = await hiddenOf(model.network, pack(fixture.sequences))
    const alone: number[] = []
    for (const ids of fixture.sequences) alone.push(...(await hiddenOf(model.network, pack([ids]))))
    expect([...together]).toEqual(alone)
    const padded = await hiddenOf(model.network, pack(fixture.sequences, 40))
    expect(padded.slice(0, together.length)).toEqual(together)
  })

  test('gives the same token by token, with a key-value cache', async ({ gpu }) => {
    using model = await load(fixture, gpu)
    const { network } = model
    const ids = fixture.sequences[2]!
    const atOnce = await hiddenOf(network, pack([ids]))
    // A prompt, a few tokens together, then one at a time.
    const ends = [9, 12, ...ids.map((_, t) => t + 1).filter(end => end > 12)]
    // Longer than the sequence: slots that nothing has filled must not be seen.
    expect(await hiddenInPieces(network, ids, ends, 32)).toEqual(atOnce)
  })
})

describe('a Llama with a low-rank adapter', () => {
  const adapterOf = async (network: CausalNetwork) =>
    LoraAdapter.fromPeft(network, await readPeftAdapter(folder(untied.adapter, 'adapter')))

  test('has the hidden states, log-probs and gradients of PEFT', async ({ gpu }) => {
    using model = await load(untied, gpu)
    using adapter = await adapterOf(model.network)
    const want = await expectedOf(untied)
    const hidden = await hiddenOf(model.network, pack(untied.sequences), adapter.map)
    expectAgreement(hidden, want.get('adapter.hidden')!)
    const { logProbs, gradients } = await logProbsAndGradients(untied, model.network, adapter.parameters, {
      adapter: adapter.map,
    })
    expectAgreement(logProbs, want.get('adapter.log_probs')!)
    const prefix = 'adapter.grad.base_model.model.'
    const names = [...want.keys()].filter(name => name.startsWith(prefix))
    expect([...gradients.keys()].map(name => prefix + name).sort()).toEqual(names.sort())
    for (const [name, gradient] of gradients) expectAgreement(gradient, want.get(prefix + name)!)
  })

  test('is the bare model again without it', async ({ gpu }) => {
    using model = await load(untied, gpu)
    const before = await hiddenOf(model.network, pack(untied.sequences))
    using adapter = await adapterOf(model.network)
    await hiddenOf(model.network, pack(untied.sequences), adapter.map)
    expect(await hiddenOf(model.network, pack(untied.sequences))).toEqual(before)
  })
})

test('f32, f16 and bf16 files give the same values, bit for bit', async ({ gpu }) => {
  const weightsFrom = async (file: string) => {
    using model = await load({ ...tied, files: { ...tied.files, 'model.safetensors': file } }, gpu)
    const read = async ([name, weight]: [string, Weight]) =>
      [name, bitsOf(await gpu.read(f32Weight(weight)))] as const
    return Object.fromEntries(await Promise.all([...model.network.weights].map(read)))
  }
  const single = await weightsFrom(tied.files['model.safetensors'])
  expect(await weightsFrom(tied.f16)).toEqual(single)
  expect(await weightsFrom(tied.bf16)).toEqual(single)
})
