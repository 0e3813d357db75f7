import { describe, expect } from 'vitest'
import { dryGpu } from '../../src/gpu/dry-gpu'
import type { Gpu } from '../../src/gpu/gpu'
import { sft } from '../../src/losses/sft'
import { loadModel } from '../../src/models/load-model'
import type { EncodedSequence } from '../../src/training/examples'
import { fullWeights } from '../../src/training/full-weights'
import { LoraAdapter } from '../../src/training/lora-adapter'
import { sequenceBatch } from '../../src/training/micro-batch'
import { sgd } from '../../src/training/sgd'
import { train } from '../../src/training/train'
import { type StepperOptions, TrainingStepper } from '../../src/training/training-stepper'
import { test } from '../gpu'
import { architectures } from '../models/architecture-fixture'
import { folder } from '../models/llama-fixture'
import { noise } from '../noise'
import { tinyConfig } from '../tiny-llama'
import { oneLayer } from './tiny-runs'

/** A conversation of so many tokens, the last of which are trained. */
const sequence = (length: number, trained = length - 1, index = 0): EncodedSequence => ({
  index,
  ids: Uint32Array.from({ length }, (_, t) => 40 - t),
  mask: Uint8Array.from({ length }, (_, t) => (t < length - trained ? 0 : 1)),
  truncated: false,
})

const still = { loss: sft(), live: null, recompute: false, dropout: 0, noise: 0, optimizer: null }

const stepOf = async (gpu: Gpu, sequences: readonly EncodedSequence[], options: Partial<StepperOptions>) => {
  using network = oneLayer(gpu)
  using adapter = LoraAdapter.create(network, { rank: 2 })
  gpu.write(adapter.values, noise(adapter.values.size, 3, 0.2))
  using stepper = new TrainingStepper(adapter, { ...still, ...options })
  const batches = sequences.map(one => sequenceBatch([one], sft()))
  return stepper.step(batches, { learningRate: 0, seed: 1, mismatched: null })
}

describe('a step', () => {
  test('leaves other inputs out in each of its passes', async ({ gpu }) => {
    const losses = async (dropout: number) => {
      const { batches } = await stepOf(gpu, [sequence(20), sequence(20)], { dropout })
      return batches.map(({ values }) => values[0]![0]!)
    }
    const [first, second] = await losses(0.5)
    expect(first).not.toBe(second)
    const [whole, again] = await losses(0)
    expect(whole).toBe(again)
  })

  test('scales noise by each sequence’s own length: α / √(L·C)', async ({ gpu }) => {
    const written: Uint8Array[] = []
    using dry = dryGpu({}, entry => typeof entry !== 'string' && written.push(entry.slice()))
    using network = oneLayer(gpu)
    using planned = network.plan(dry)
    using adapter = LoraAdapter.create(planned, { rank: 2 })
    using stepper = new TrainingStepper(adapter, { ...still, noise: 5 })
    const batch = sequenceBatch([sequence(20), sequence(7)], sft())
    await stepper.step([batch], { learningRate: 0, seed: 1, mismatched: null })
    const [long, short] = [20, 7].map(length => 5 / Math.sqrt(length * tinyConfig.hidden))
    const magnitudes = new Float32Array(64).fill(long!, 0, 20).fill(short!, 20, 27)
    const wanted = new Uint8Array(magnitudes.buffer).join()
    expect(written.some(bytes => bytes.join().includes(wanted))).toBe(true)
  })

  test('moves the learned positions that its sequences have, and no others', async ({ gpu }) => {
    const { files, name } = architectures.gpt2!
    using model = await loadModel(gpu, folder(files, name))
    using trained = fullWeights(model.network)
    const table = trained.arenas.find(arena => arena.name.includes('wpe'))!
    const { hidden } = model.network
    const before = await gpu.read(table.values)
    const options = { loss: sft(), optimizer: sgd(), learningRate: 0.1, batchSize: 2 }
    for await (const _ of train(trained, [sequence(9), sequence(5, 4, 1)], options));
    const after = await gpu.read(table.values)
    const moved = [...Array(before.length / hidden).keys()].filter(row =>
      before.subarray(row * hidden, (row + 1) * hidden).some((value, c) => value !== after[row * hidden + c]),
    )
    // Nothing is predicted from the last token.
    expect(moved).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  test('of a new shape costs no memory for long, however many there were', async ({ gpu }) => {
    using dry = dryGpu()
    using network = oneLayer(gpu)
    using planned = network.plan(dry)
    using adapter = LoraAdapter.create(planned, { rank: 2 })
    const allocated = () => {
      dry.trim()
      return dry.memory.allocated
    }
    const heldOverShapes = async () => {
      using stepper = new TrainingStepper(adapter, still)
      const held: number[] = []
      // Passes of 4, 8, … conversations: each has a shape of its own, larger than the last.
      for (let n = 1; n <= 65; n++) {
        const conversations = Array.from({ length: 4 * n }, (_, i) => sequence(16, 15, i))
        const batches = [sequenceBatch(conversations, sft())]
        await stepper.step(batches, { learningRate: 0, seed: n, mismatched: null })
        held.push(allocated())
      }
      return held
    }
    const held = await heldOverShapes()
    // The programs of 64 shapes are kept, and let go of together.
    expect(held.findIndex((bytes, i) => bytes < (held[i - 1] ?? 0))).toBe(64)
    // What is left is what reads go through, which is used again.
    const left = allocated()
    await heldOverShapes()
    expect(allocated()).toBe(left)
  })
})
