import { expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import type { Tensor } from '../../src/gpu/tensor'
import type { CausalNetwork, ForwardOptions, LoraMap } from '../../src/models/causal-network'
import { type Packed, type PackedArrays, pack, uploadPacked } from '../../src/nn/packed'
import { groupTokens } from '../../src/ops/embedding'
import { gather } from '../../src/ops/gather'
import { linear } from '../../src/ops/linear'
import { linearLogProb } from '../../src/ops/linear-log-prob'
import { Tape } from '../../src/ops/tape'
import { f32Weight } from '../f32-weight'
import { expectClose } from '../numbers'
import type { LlamaFixture } from './llama-fixture'

/**
 * 1e-4 of the value, or 1e-5 of the tensor's RMS: entries that are small because large terms cancel carry the
 * rounding of those terms, and a tensor's RMS is their size.
 */
export function expectAgreement(got: Float32Array, want: Float32Array): void {
  const rms = rootMeanSquare(want)
  expect(rms).toBeGreaterThan(0)
  expectClose(got, want, { atol: 1e-5 * rms, rtol: 1e-4 })
}

export const rootMeanSquare = (values: Float32Array) =>
  Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length)

/** Last hidden states of packed sequences. */
export async function hiddenOf(
  network: CausalNetwork,
  arrays: PackedArrays,
  adapter: LoraMap | null = null,
): Promise<Float32Array> {
  using tape = new Tape(network.gpu, { grad: false })
  using packed = uploadPacked(network.gpu, arrays)
  return await network.gpu.read(network.forward(tape, packed, { adapter }))
}

/** Last hidden states and logits of packed sequences. */
export async function hiddenAndLogits(network: CausalNetwork, arrays: PackedArrays) {
  using tape = new Tape(network.gpu, { grad: false })
  using packed = uploadPacked(network.gpu, arrays)
  const hidden = network.forward(tape, packed)
  const logits = linear(tape, hidden, network.head)
  const [h, l] = await Promise.all([network.gpu.read(hidden), network.gpu.read(logits)])
  return { hidden: h, logits: l }
}

/** A tensor that is trained, with its gradient. */
export interface Trained {
  readonly name: string
  readonly value: Tensor
  readonly grad: Tensor
}

/** All weights of a network, each with a gradient of zero. */
export function trainedWeights({ gpu, weights }: CausalNetwork): Trained[] & Disposable {
  const trained = [...weights].map(([name, weight]) => {
    const value = f32Weight(weight)
    return { name, value, grad: gpu.zeros(value.shape) }
  })
  return Object.assign(trained, {
    [Symbol.dispose]() {
      for (const { grad } of trained) grad[Symbol.dispose]()
    },
  })
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

/** Log-probs of the predicted tokens and the gradients of the fixture's objective, from zero, by name. */
export async function logProbsAndGradients(
  fixture: LlamaFixture,
  network: CausalNetwork,
  parameters: readonly Trained[],
  options: Pick<ForwardOptions, 'adapter' | 'dropout' | 'recompute'> = {},
): Promise<{ readonly logProbs: Float32Array; readonly gradients: ReadonlyMap<string, Float32Array> }> {
  const { gpu } = network
  const arrays = pack(fixture.sequences)
  using packed = uploadPacked(gpu, arrays)
  const grouped = (keys: Uint32Array) => {
    const { rows, starts, order } = groupTokens(keys)
    return {
      rows: gpu.tensor([rows.length], rows),
      starts: gpu.tensor([starts.length], starts),
      order: gpu.tensor([order.length], order),
    }
  }
  const [groups, positionGroups] = [grouped(arrays.ids), grouped(arrays.positions)]
  const { index, targets } = predictions(gpu, fixture)
  using tape = new Tape(gpu)
  for (const { value, grad } of parameters) tape.parameter(value, grad)
  const hidden = network.forward(tape, { ...packed, groups, positionGroups }, options)
  const logProb = linearLogProb(tape, gather(tape, hidden, index), network.head, targets)
  const reading = gpu.read(logProb)
  using coefficients = gpu.tensor(logProb.shape, Float32Array.from(fixture.coefficients))
  tape.backward(logProb, coefficients)
  const read = async ({ name, grad }: Trained) => [name, await gpu.read(grad)] as const
  const gradients = new Map(await Promise.all(parameters.map(read)))
  const inputs = [...Object.values(groups), ...Object.values(positionGroups), index, targets]
  for (const tensor of inputs) tensor[Symbol.dispose]()
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

/** Last hidden states of a sequence, computed in pieces that end at `ends` over a cache of `slots` tokens. */
export async function hiddenInPieces(
  network: CausalNetwork,
  ids: readonly number[],
  ends: readonly number[],
  slots: number,
): Promise<Float32Array> {
  const { gpu } = network
  using cache = network.cache(slots)
  const steps: number[] = []
  let begin = 0
  for (const end of ends) {
    using tape = new Tape(gpu, { grad: false })
    using packed = cachedTokens(gpu, ids, begin, end)
    steps.push(...(await gpu.read(network.forward(tape, packed, { cache }))))
    begin = end
  }
  return Float32Array.from(steps)
}
