import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import { dpo } from '../../src/losses/dpo'
import type { PairLoss } from '../../src/losses/loss'
import { sampo } from '../../src/losses/sampo'
import type { EncodedAnswer } from '../../src/models/answer-batch'
import type { EncodedPair } from '../../src/training/encode-pairs'
import { NonFiniteError, TrainingError } from '../../src/training/errors'
import { estimateTraining } from '../../src/training/estimate-training'
import { LoraAdapter } from '../../src/training/lora-adapter'
import { type TrainOptions, type TrainStep, train } from '../../src/training/train'
import { features, test } from '../gpu'
import { expectClose, noise } from '../numbers'
import { tinyLlama } from '../tiny-llama'

/** Pairs of 8 to 23 tokens whose answers begin at token 3. */
function examplePairs(count: number): EncodedPair[] {
  const answer = (seed: number): EncodedAnswer => {
    const length = 8 + (seed % 16)
    return { ids: Uint32Array.from(noise(length, seed), x => Math.floor((x + 1) * 30)), answerBegin: 3 }
  }
  return Array.from({ length: count }, (_, index) => ({
    index,
    chosen: answer(2 * index + 1),
    rejected: answer(3 * index + 50),
    truncated: false,
  }))
}

async function run(gpu: Gpu, pairs: EncodedPair[], options: TrainOptions<PairLoss>) {
  using network = tinyLlama(gpu)
  using adapter = LoraAdapter.create(network, { rank: 4, seed: 1 })
  const steps: TrainStep[] = []
  for await (const step of train(adapter, pairs, options)) steps.push(step)
  return { steps, values: await gpu.read(adapter.values) }
}

const learn = { loss: dpo(), learningRate: 0.02, epochs: 6, batchSize: 4 }

describe('train', () => {
  test('starts at ln 2 with no margin and learns the preferences', async ({ gpu }) => {
    const { steps } = await run(gpu, examplePairs(8), learn)
    expect(steps).toHaveLength(12)
    expectClose([steps[0]!.loss, steps[0]!['rewards/margins']!], [Math.LN2, 0], { atol: 1e-4, rtol: 0 })
    expect(steps.at(-1)!.loss).toBeLessThan(0.3)
    expect(steps.at(-1)!['rewards/accuracies']).toBe(1)
    expect(steps.map(s => s.step)).toEqual(steps.map((_, i) => i + 1))
    expect(steps.at(-1)!.epoch).toBe(6)
  })

  test('SamPO starts at ln 2 too, and counts as many tokens of both answers', async ({ gpu }) => {
    const { steps } = await run(gpu, examplePairs(8), { ...learn, loss: sampo() })
    expectClose([steps[0]!.loss], [Math.LN2], { atol: 1e-4, rtol: 0 })
    for (const step of steps) expect(step['lengths/chosen']).toBe(step['lengths/rejected'])
    expect(steps.at(-1)!.loss).toBeLessThan(0.4)
  })

  test('gives the same bits twice, and others with another seed', async ({ gpu }) => {
    const options = { ...learn, loss: sampo(), seed: 3 }
    const [a, b] = [await run(gpu, examplePairs(8), options), await run(gpu, examplePairs(8), options)]
    expect(a).toEqual(b)
    const c = await run(gpu, examplePairs(8), { ...options, seed: 4 })
    expect(c.values).not.toEqual(a.values)
  })

  test('accumulates gradients to those of the large batch, also of a ragged last one', async ({ gpu }) => {
    const pairs = examplePairs(7)
    const large = await run(gpu, pairs, { ...learn, epochs: 2, batchSize: 4 })
    const small = await run(gpu, pairs, { ...learn, epochs: 2, batchSize: 1, accumulation: 4 })
    expect(small.steps).toHaveLength(4)
    // The sums are taken in another order; Adam divides by the gradient's size, which magnifies that.
    expectClose(
      small.steps.map(s => s.loss),
      large.steps.map(s => s.loss),
      { atol: 1e-5, rtol: 1e-4 },
    )
    expectClose(
      small.steps.map(s => s.grad_norm),
      large.steps.map(s => s.grad_norm),
      { atol: 1e-5, rtol: 1e-3 },
    )
  })

  test('replays: from the second step of a shape on nothing is created, and a step is one submit', async ({
    gpu,
  }) => {
    using network = tinyLlama(gpu)
    using adapter = LoraAdapter.create(network, { rank: 4 })
    const pairs = examplePairs(4)
    const seen: { buffers: number; bindGroups: number; pipelines: number; submits: number; bytes: number }[] =
      []
    for await (const _ of train(adapter, pairs, { ...learn, epochs: 50 })) {
      const { buffers, bindGroups, pipelines, submits } = gpu.counters
      seen.push({ buffers, bindGroups, pipelines, submits, bytes: gpu.memory.allocated })
    }
    expect(seen).toHaveLength(50)
    // Two steps are in flight when the first is seen, so these are the third step's counters onwards.
    const steady = seen.slice(0, 48)
    steady.forEach((now, i) => {
      const first = steady[0]!
      expect({ ...now, submits: 0 }).toEqual({ ...first, submits: 0 })
      expect(now.submits - first.submits).toBe(i)
    })
  })

  test('pauses with every result told and nothing under way, and trains as without', async ({ gpu }) => {
    const plain = await run(gpu, examplePairs(8), learn)
    const told: [step: number, last: number | undefined][] = []
    using network = tinyLlama(gpu)
    using adapter = LoraAdapter.create(network, { rank: 4, seed: 1 })
    const steps: TrainStep[] = []
    const values: Float32Array[] = []
    const pause = {
      everySteps: 5,
      async run(step: number) {
        told.push([step, steps.at(-1)?.step])
        values.push(await gpu.read(adapter.values))
      },
    }
    for await (const step of train(adapter, examplePairs(8), { ...learn, pause })) steps.push(step)
    expect(told).toEqual([
      [5, 5],
      [10, 10],
    ])
    expect(steps).toEqual(plain.steps)
    expect(await gpu.read(adapter.values)).toEqual(plain.values)
    // What is trained is then as the step made it.
    using other = tinyLlama(gpu)
    using five = LoraAdapter.create(other, { rank: 4, seed: 1 })
    const schedule = (step: number) => Math.max(0, (12 - step) / 12)
    const short = { ...learn, maxSteps: 5, schedule }
    for await (const _ of train(five, examplePairs(8), short));
    using again = LoraAdapter.create(other, { rank: 4, seed: 1 })
    const halted: Float32Array[] = []
    const once = { everySteps: 5, run: async () => void halted.push(await gpu.read(again.values)) }
    for await (const _ of train(again, examplePairs(8), { ...learn, schedule, pause: once }));
    expect(halted[0]).toEqual(await gpu.read(five.values))
    await expect(
      train(again, examplePairs(8), { ...learn, pause: { ...once, everySteps: 0 } }).next(),
    ).rejects.toThrow(new TrainingError('pause.everySteps is 0, expected a positive integer'))
  })

  test('stops when told, and keeps what it learned', async ({ gpu }) => {
    using network = tinyLlama(gpu)
    using adapter = LoraAdapter.create(network, { rank: 4 })
    const stop = new AbortController()
    const before = await gpu.read(adapter.values)
    const steps: TrainStep[] = []
    const running = (async () => {
      for await (const step of train(adapter, examplePairs(4), {
        ...learn,
        epochs: 100,
        signal: stop.signal,
      })) {
        steps.push(step)
        if (steps.length === 3) stop.abort(new Error('enough'))
      }
    })()
    await expect(running).rejects.toThrow('enough')
    // Those that were under way are told too.
    expect(steps).toHaveLength(5)
    expect(await gpu.read(adapter.values)).not.toEqual(before)
  })

  test('names the pair whose loss is not finite, and leaves the weights finite', async ({ gpu }) => {
    using network = tinyLlama(gpu)
    using adapter = LoraAdapter.create(network, { rank: 4 })
    const pairs = examplePairs(4)
    const references = pairs.map(({ chosen, rejected }, i) => ({
      chosen: new Float32Array(chosen.ids.length - 3).fill(i === 2 ? Number.NaN : -4),
      rejected: new Float32Array(rejected.ids.length - 3).fill(-4),
    }))
    const running = (async () => {
      for await (const _ of train(adapter, pairs, { ...learn, references })) expect(_.loss).toBeDefined()
    })()
    await expect(running).rejects.toThrow(NonFiniteError)
    await expect(running).rejects.toThrow('at pairs 2 of the file')
    expect((await gpu.read(adapter.values)).every(Number.isFinite)).toBe(true)
  })

  test('changes nothing in a step of which one pass alone is not finite', async ({ gpu }) => {
    using network = tinyLlama(gpu)
    using adapter = LoraAdapter.create(network, { rank: 4 })
    const before = await gpu.read(adapter.values)
    const pairs = examplePairs(4)
    const references = pairs.map(({ chosen, rejected }, i) => ({
      chosen: new Float32Array(chosen.ids.length - 3).fill(i === 1 ? Number.NaN : -4),
      rejected: new Float32Array(rejected.ids.length - 3).fill(-4),
    }))
    const options = { ...learn, references, epochs: 1, batchSize: 1, accumulation: 4 }
    await expect(train(adapter, pairs, options).next()).rejects.toThrow('at pairs 1 of the file')
    expect(await gpu.read(adapter.values)).toEqual(before)
  })

  test.for([
    [{ epochs: 0 }, 'epochs is 0, expected a positive integer'],
    [{ batchSize: 1.5 }, 'batchSize is 1.5'],
    [{ learningRate: -1 }, 'learningRate is -1'],
  ] as const)('refuses %o', async ([bad, message], { gpu }) => {
    await expect(run(gpu, examplePairs(2), { ...learn, ...bad })).rejects.toThrow(message)
    await expect(run(gpu, [], learn)).rejects.toThrow(TrainingError)
  })

  test('refuses a rate that is none before the weights move by it', async ({ gpu }) => {
    using network = tinyLlama(gpu)
    using adapter = LoraAdapter.create(network, { rank: 4 })
    const before = await gpu.read(adapter.values)
    for (const share of [Number.NaN, -0.1, Number.POSITIVE_INFINITY]) {
      const steps = train(adapter, examplePairs(2), { ...learn, schedule: () => share })
      await expect(steps.next()).rejects.toThrow(`the schedule gives ${share} for step 1`)
    }
    expect(await gpu.read(adapter.values)).toEqual(before)
  })

  test('refuses a pair longer than the context of the model', async ({ gpu }) => {
    const [first, second] = examplePairs(2)
    const rejected = { ids: new Uint32Array(129), answerBegin: 3 }
    await expect(run(gpu, [first!, { ...second!, rejected }], learn)).rejects.toThrow(
      new TrainingError(
        "pair 1 of the file has 129 tokens, the model's context is 128. Encode with this maxLength",
      ),
    )
  })
})

describe('estimateTraining', () => {
  test('counts what training then allocates', async () => {
    const { openGpu } = await import('../../src/gpu/open-gpu')
    using gpu = await openGpu({ limits: 'default', features })
    const pairs = examplePairs(9)
    using network = tinyLlama(gpu)
    const options = { ...learn, epochs: 2 }
    const estimate = await estimateTraining(network, pairs, { ...options, lora: { rank: 4 } })
    using adapter = LoraAdapter.create(network, { rank: 4 })
    for await (const step of train(adapter, pairs, options)) expect(step.loss).toBeGreaterThan(0)
    expect(estimate.parameters).toBe(adapter.size)
    expect(estimate.weights).toBe([...network.weights.values()].reduce((sum, t) => sum + t.bytes, 0))
    // Each further shape adds its inputs and parameters, and a shape may split the shared memory otherwise.
    expect(gpu.memory.peak).toBeLessThan(estimate.peak * 1.5)
    expect(gpu.memory.peak).toBeGreaterThan(estimate.peak * 0.8)
  })
})
