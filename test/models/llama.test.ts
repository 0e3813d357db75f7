import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import type { Tensor } from '../../src/gpu/tensor'
import { readPeftAdapter } from '../../src/io/peft-adapter'
import type { CausalNetwork } from '../../src/models/causal-network'
import { loadModel } from '../../src/models/load-model'
import type { LoraMap } from '../../src/nn/linear'
import { type Packed, type PackedArrays, pack, uploadPacked } from '../../src/nn/packed'
import { groupTokens } from '../../src/ops/embedding'
import { gather } from '../../src/ops/gather'
import { linearLogProb } from '../../src/ops/linear-log-prob'
import { matmulNt } from '../../src/ops/matmul'
import type { Weight } from '../../src/ops/matrix'
import { Tape } from '../../src/ops/tape'
import { LoraAdapter } from '../../src/training/lora-adapter'
import { f32Weight } from '../f32-weight'
import { test } from '../gpu'
import { bitsOf } from '../io/bytes'
import { expectClose } from '../numbers'
import { expectedOf, folder, type LlamaFixture, tied, untied } from './llama-fixture'

const load = ({ files, name }: LlamaFixture, gpu: Gpu) => loadModel(gpu, folder(files, name))

/**
 * 1e-4 of the value, or 1e-5 of the tensor's RMS: entries that are small because large terms cancel carry the
 * rounding of those terms, and a tensor's RMS is their size.
 */
function expectAgreement(got: Float32Array, want: Float32Array): void {
  const rms = Math.sqrt(want.reduce((sum, x) => sum + x * x, 0) / want.length)
  expect(rms).toBeGreaterThan(0)
  expectClose(got, want, { atol: 1e-5 * rms, rtol: 1e-4 })
}

/** Last hidden states of packed sequences, read back. */
async function hiddenOf(
  network: CausalNetwork,
  arrays: PackedArrays,
  adapter: LoraMap | null = null,
): Promise<Float32Array> {
  using tape = new Tape(network.gpu, { grad: false })
  using packed = uploadPacked(network.gpu, arrays)
  return await network.gpu.read(network.forward(tape, packed, { adapter }))
}

/** Where each predicted token is predicted, and which it is. */
function predictions(gpu: Gpu, { sequences }: LlamaFixture) {
  const { starts } = pack(sequences)
  const index = sequences.flatMap((ids, s) => ids.slice(1).map((_, t) => starts[s]! + t))
  const targets = sequences.flatMap(ids => ids.slice(1))
  return {
    index: gpu.tensor([index.length], Uint32Array.from(index)),
    targets: gpu.tensor([index.length], Uint32Array.from(targets)),
  }
}

/** Log-probs of the predicted tokens and the gradients of the objective by `parameters`, from zero. */
async function logProbsAndGradients(
  fixture: LlamaFixture,
  network: CausalNetwork,
  parameters: ReadonlyMap<string, { readonly value: Tensor; readonly grad: Tensor }>,
  adapter: LoraMap | null = null,
  recompute = false,
) {
  const { gpu } = network
  const arrays = pack(fixture.sequences)
  using packed = uploadPacked(gpu, arrays)
  const { rows, starts, order } = groupTokens(arrays.ids)
  const groups = {
    rows: gpu.tensor([rows.length], rows),
    starts: gpu.tensor([starts.length], starts),
    order: gpu.tensor([order.length], order),
  }
  const { index, targets } = predictions(gpu, fixture)
  using tape = new Tape(gpu)
  for (const { value, grad } of parameters.values()) tape.parameter(value, grad)
  const hidden = network.forward(tape, { ...packed, groups }, { adapter, recompute })
  const logProb = linearLogProb(tape, gather(tape, hidden, index), network.head, targets)
  const reading = gpu.read(logProb)
  using coefficients = gpu.tensor(logProb.shape, Float32Array.from(fixture.coefficients))
  tape.backward(logProb, coefficients)
  const read = async ([name, { grad }]: [string, { grad: Tensor }]) => [name, await gpu.read(grad)] as const
  const gradients = new Map(await Promise.all([...parameters].map(read)))
  for (const tensor of [...Object.values(groups), index, targets]) tensor[Symbol.dispose]()
  return { logProbs: await reading, gradients }
}

/** Packs one sequence whose keys and values lie in a cache from slot 0 on: tokens `begin` to `end`. */
function cachedTokens(gpu: Gpu, ids: readonly number[], begin: number, end: number): Packed & Disposable {
  const at = Uint32Array.from({ length: end - begin }, (_, i) => begin + i)
  const packed = uploadPacked(gpu, {
    ids: Uint32Array.from(ids.slice(begin, end)),
    positions: at,
    ranges: Uint32Array.from([...at].flatMap(t => [0, t, 0, 0])),
    starts: [0],
  })
  const slots = gpu.tensor([at.length], at)
  return {
    ...packed,
    slots,
    [Symbol.dispose]() {
      packed[Symbol.dispose]()
      slots[Symbol.dispose]()
    },
  }
}

describe.each([untied, tied])('a Llama with $name output projection', fixture => {
  test('has the hidden states and logits of PyTorch', async ({ gpu }) => {
    using model = await load(fixture, gpu)
    const { network } = model
    const want = await expectedOf(fixture)
    using tape = new Tape(gpu, { grad: false })
    using packed = uploadPacked(gpu, pack(fixture.sequences))
    const hidden = network.forward(tape, packed)
    using logits = gpu.empty([packed.ids.size, network.vocabulary])
    matmulNt(gpu, hidden, f32Weight(network.head), logits)
    expectAgreement(await gpu.read(hidden), want.get('hidden')!)
    expectAgreement(await gpu.read(logits), want.get('logits')!)
  })

  test('has the log-probs of PyTorch and its gradients by every weight, also where layers are computed again', async ({
    gpu,
  }) => {
    using model = await load(fixture, gpu)
    const { network } = model
    const want = await expectedOf(fixture)
    const parameters = new Map(
      [...network.weights].map(([name, weight]) => {
        const value = f32Weight(weight)
        return [name, { value, grad: gpu.zeros(value.shape) }]
      }),
    )
    const recompute = fixture === tied
    const { logProbs, gradients } = await logProbsAndGradients(fixture, network, parameters, null, recompute)
    expectAgreement(logProbs, want.get('log_probs')!)
    const names = [...want.keys()].filter(name => name.startsWith('grad.'))
    expect([...gradients.keys()].map(name => `grad.${name}`).sort()).toEqual(names.sort())
    for (const [name, gradient] of gradients) expectAgreement(gradient, want.get(`grad.${name}`)!)
    for (const { grad } of parameters.values()) grad[Symbol.dispose]()
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
    // Longer than the sequence: slots that nothing has filled must not be seen.
    using cache = network.cache(32)
    const steps: number[] = []
    // A prompt, a few tokens together, then one at a time.
    const ends = [9, 12, ...ids.map((_, t) => t + 1).filter(end => end > 12)]
    let begin = 0
    for (const end of ends) {
      using tape = new Tape(gpu, { grad: false })
      using packed = cachedTokens(gpu, ids, begin, end)
      steps.push(...(await gpu.read(network.forward(tape, packed, { cache }))))
      begin = end
    }
    expect(steps).toEqual([...atOnce])
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
    const parameters = new Map(adapter.parameters.map(parameter => [parameter.name, parameter]))
    const { logProbs, gradients } = await logProbsAndGradients(untied, model.network, parameters, adapter.map)
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
