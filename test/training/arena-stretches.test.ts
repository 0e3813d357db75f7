import { describe, expect } from 'vitest'
import { adjacentTensors, joined } from '../../src/gpu/adjacent-tensors'
import type { Gpu } from '../../src/gpu/gpu'
import type { Tensor } from '../../src/gpu/tensor'
import { loadModel } from '../../src/models/load-model'
import { adamW } from '../../src/training/adamw'
import { adamW8bit } from '../../src/training/adamw-8bit'
import { stretchesOf } from '../../src/training/arena-stretches'
import { fullWeights } from '../../src/training/full-weights'
import { lion } from '../../src/training/lion'
import type { OptimizerKind } from '../../src/training/optimizer'
import { sgd } from '../../src/training/sgd'
import { test } from '../gpu'
import { architectures } from '../models/architecture-fixture'
import { folder } from '../models/llama-fixture'
import { expectSame, noise } from '../numbers'

const SIZES = [70, 16_384, 5, 300, 33]
const STEPS = 4

/** Arenas in memory made by `make`; every second one decays. */
function arenasIn(gpu: Gpu, make: (sizes: readonly number[]) => Tensor[]) {
  const [values, grads] = [make(SIZES), make(SIZES)]
  for (const tensor of joined(grads)) gpu.clear(tensor)
  const arenas = SIZES.map((size, k) => {
    gpu.write(values[k]!, noise(size, k))
    return { name: `a${k}`, values: values[k]!, grads: grads[k]!, decays: k % 2 === 0 }
  })
  return {
    ...{ gpu, arenas },
    [Symbol.dispose]() {
      for (const tensor of [...values, ...grads]) tensor[Symbol.dispose]()
    },
  }
}

const apart = (gpu: Gpu) => arenasIn(gpu, sizes => sizes.map(size => gpu.empty([size])))
const together = (gpu: Gpu) =>
  arenasIn(gpu, sizes =>
    adjacentTensors(
      gpu,
      sizes.map(size => ({ shape: [size] })),
    ),
  )

function setGradients({ gpu, arenas }: ReturnType<typeof apart>, step: number) {
  for (const [k, { grads }] of arenas.entries()) gpu.write(grads, noise(grads.size, 10 * step + k, 1e-3))
}

const kinds: readonly (readonly [string, OptimizerKind])[] = [
  ['adamW', adamW()],
  ['adamW with decay', adamW({ weightDecay: 0.1 })],
  ['lion', lion({ weightDecay: 0.1 })],
  ['sgd', sgd({ weightDecay: 0.1 })],
  ['sgd with momentum', sgd({ momentum: 0.9 })],
]

describe('arenas that lie one after the other', () => {
  test.for(kinds)('are changed by %s as if they did not, bit for bit', async ([, kind], { gpu }) => {
    using scattered = apart(gpu)
    using adjacent = together(gpu)
    // Unclipped: the norm is a sum, whose order may differ.
    using one = kind.create(scattered, { maxGradNorm: null })
    let other = kind.create(adjacent, { maxGradNorm: null })
    for (let step = 1; step <= STEPS; step++) {
      if (step === 3) {
        // A checkpoint of the one is one of the other.
        using old = other
        other = kind.create(adjacent, { maxGradNorm: null })
        other.steps = old.steps
        expect([...other.state.keys()]).toEqual([...one.state.keys()])
        for (const [name, tensor] of one.state) gpu.copy(tensor, other.state.get(name)!)
      }
      for (const [trained, optimizer] of [[scattered, one] as const, [adjacent, other] as const]) {
        setGradients(trained, step)
        optimizer.step(0.01)
      }
    }
    for (const [k, arena] of adjacent.arenas.entries()) {
      expectSame(await gpu.read(arena.values), await gpu.read(scattered.arenas[k]!.values))
      expect((await gpu.read(arena.grads)).every(g => g === 0)).toBe(true)
    }
    for (const [name, tensor] of one.state) {
      expect(other.state.get(name)!.shape).toEqual(tensor.shape)
      expectSame(await gpu.read(other.state.get(name)!), await gpu.read(tensor))
    }
    other[Symbol.dispose]()
  })

  test('are changed in one dispatch, or one for each turn of the decay', async ({ gpu }) => {
    using trained = together(gpu)
    const dispatches = (kind: OptimizerKind) => {
      using optimizer = kind.create(trained, { maxGradNorm: 1 })
      const before = gpu.counters.dispatches
      optimizer.step(0.01)
      // Two are the norm's.
      return gpu.counters.dispatches - before - 2
    }
    expect(dispatches(adamW())).toBe(1)
    expect(dispatches(sgd())).toBe(1)
    expect(dispatches(lion({ weightDecay: 0.1 }))).toBe(5)
  })

  test('share the blocks of eight bits with none', async ({ gpu }) => {
    const make = (sizes: readonly number[]) =>
      adjacentTensors(
        gpu,
        sizes.map(size => ({ shape: [size] })),
      )
    const [values, grads] = [make([16_384, 700, 5]), make([16_384, 700, 5])]
    for (const tensor of [...joined(values), ...joined(grads)]) gpu.clear(tensor)
    const arenas = values.map((tensor, k) => {
      gpu.write(grads[k]!, noise(tensor.size, k, 10 ** k))
      return { name: `a${k}`, values: tensor, grads: grads[k]!, decays: true }
    })
    const before = gpu.counters.dispatches
    using optimizer = adamW8bit().create({ gpu, arenas }, { maxGradNorm: null })
    optimizer.step(0.01)
    // The third begins within a block of the second.
    expect(gpu.counters.dispatches - before).toBe(2 + 2)
    for (const [k, size] of [16_384, 700, 5].entries()) {
      const peaks = await gpu.read(optimizer.state.get(`a${k}.peaks`)!)
      expect(peaks).toHaveLength(2 * Math.ceil(size / 256))
      const g = noise(size, k, 10 ** k)
      for (let block = 0; block < peaks.length / 2; block++) {
        const most = Math.max(...g.subarray(256 * block, 256 * (block + 1)).map(Math.abs))
        // (1 − β₁) of the largest gradient
        expect(peaks[2 * block]! / most).toBeCloseTo(0.1, 5)
      }
      // The first step of Adam is the learning rate, whatever the gradient.
      expect((await gpu.read(values[k]!)).every(value => Math.abs(Math.abs(value) - 0.01) < 1e-5)).toBe(true)
    }
    for (const tensor of [...values, ...grads]) tensor[Symbol.dispose]()
  })

  test('are those of a loaded model, matrices before vectors', async ({ gpu }) => {
    const { files, name } = architectures.gpt2!
    using model = await loadModel(gpu, folder(files, name))
    using trained = fullWeights(model.network)
    const count = (mixed: boolean) => stretchesOf(trained.arenas, { unit: 64, mixed }).length
    expect([count(true), count(false)]).toEqual([1, 2])
    const [stretch] = stretchesOf(trained.arenas, { unit: 64, mixed: true })
    expect(stretch!.arenas).toHaveLength(trained.arenas.length)
    expect(stretch!.values.size).toBe(stretch!.grads.size)
    using part = fullWeights(model.network, { targets: ['c_fc', 'ln_f'] })
    expect(joined(part.arenas.map(({ grads }) => grads))).toHaveLength(1)
    expect(stretchesOf(part.arenas, { unit: 64, mixed: true }).length).toBeGreaterThan(1)
    for (const tensor of joined(part.arenas.map(({ grads }) => grads)))
      expect((await gpu.read(tensor)).every(g => g === 0)).toBe(true)
  })
})
