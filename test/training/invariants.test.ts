import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import { chosenSft } from '../../src/losses/chosen-sft'
import { combined } from '../../src/losses/combined'
import { dpo } from '../../src/losses/dpo'
import { kto } from '../../src/losses/kto'
import type { Loss } from '../../src/losses/loss'
import { sampo } from '../../src/losses/sampo'
import { sft } from '../../src/losses/sft'
import { gatedDecoder } from '../../src/models/gated-decoder'
import { planNetwork } from '../../src/models/plan-model'
import { f32 } from '../../src/ops/format-f32'
import { evaluateLoss } from '../../src/training/evaluate-loss'
import type { EncodedPair, EncodedSequence, ExampleOf } from '../../src/training/examples'
import { fullWeights } from '../../src/training/full-weights'
import { LoraAdapter } from '../../src/training/lora-adapter'
import { startingLogProbs } from '../../src/training/reference'
import { type TrainOptions, type TrainStep, train } from '../../src/training/train'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import { tinyConfig, tinyLlama } from '../tiny-llama'

const tokens = (length: number, seed: number) =>
  Uint32Array.from(noise(length, seed), x => Math.floor((x + 1) * 30))

/** Pairs of 8 to 23 tokens whose answers begin at token 3; of one length each where `equal`. */
const pairs = (count: number, { equal = false } = {}): EncodedPair[] =>
  Array.from({ length: count }, (_, index) => {
    const length = (seed: number) => 8 + ((equal ? index : seed) % 16)
    const answer = (seed: number) => ({ ids: tokens(length(seed), seed), answerBegin: 3 })
    const [chosen, rejected] = [answer(2 * index + 1), answer(3 * index + 50)]
    return { index, chosen, rejected, truncated: false }
  })

/** Conversations of 6 to 18 tokens, of which two thirds are trained. */
const sequences = (count: number): EncodedSequence[] =>
  Array.from({ length: count }, (_, index) => {
    const ids = tokens(6 + ((5 * index) % 13), index + 7)
    return { index, ids, mask: Uint8Array.from(ids, (_, t) => (t % 3 === 0 ? 0 : 1)), truncated: false }
  })

async function run<L extends Loss>(gpu: Gpu, examples: readonly ExampleOf<L>[], options: TrainOptions<L>) {
  using network = tinyLlama(gpu)
  using adapter = LoraAdapter.create(network, { rank: 4, seed: 1 })
  const steps: TrainStep[] = []
  for await (const step of train<L>(adapter, examples, options)) steps.push(step)
  return { steps, values: await gpu.read(adapter.values) }
}

/** As `run`, training the model's own weights. */
async function runWhole<L extends Loss>(
  gpu: Gpu,
  examples: readonly ExampleOf<L>[],
  options: TrainOptions<L>,
) {
  using network = tinyLlama(gpu)
  using weights = fullWeights(network)
  const steps: TrainStep[] = []
  for await (const step of train<L>(weights, examples, options)) steps.push(step)
  const values = await Promise.all(weights.arenas.map(arena => gpu.read(arena.values)))
  return { steps, values }
}

const short = { learningRate: 0.02, epochs: 2, batchSize: 4, seed: 5 }

/** Whole weights learn at a tenth of an adapter's rate. */
const gentle = { ...short, learningRate: 0.002 }

describe('what must hold of any training', () => {
  test('a policy equal to its reference has the loss ln 2 and no reward, to the last bit', async ({
    gpu,
  }) => {
    for (const loss of [dpo(), sampo()]) {
      const { steps } = await run(gpu, pairs(8), { ...short, epochs: 1, loss })
      const [first] = steps
      expect(first!.loss).toBe(Math.fround(Math.fround(Math.LN2) * 4) / 4)
      expect(first!['rewards/margins']).toBe(0)
      expect(first!['rewards/chosen']).toBe(0)
    }
  })

  test('answers of equal lengths make SamPO DPO, to the last bit', async ({ gpu }) => {
    const equal = pairs(8, { equal: true })
    const [a, b] = [
      await run(gpu, equal, { ...short, loss: dpo() }),
      await run(gpu, equal, { ...short, loss: sampo() }),
    ]
    expect(b).toEqual(a)
  })

  test('a live reference gives the bits of a cached one', async ({ gpu }) => {
    const cached = await run(gpu, pairs(8), { ...short, loss: dpo(), reference: 'cached' })
    const live = await run(gpu, pairs(8), { ...short, loss: dpo(), reference: 'live' })
    expect(live).toEqual(cached)
    using other = tinyLlama(gpu)
    const another = await run(gpu, pairs(8), {
      ...short,
      loss: dpo(),
      reference: { network: other, adapter: null },
    })
    expect(another).toEqual(cached)
  })

  test('a frozen copy of an adapter that was trained before gives the bits of its cached log-probs', async ({
    gpu,
  }) => {
    using network = tinyLlama(gpu)
    const trained = async (reference: 'cached' | 'copy') => {
      using adapter = LoraAdapter.create(network, { rank: 4, seed: 1, dora: true })
      gpu.write(adapter.values, noise(adapter.values.size, 3, 0.1))
      const steps: TrainStep[] = []
      for await (const step of train(adapter, pairs(8), { ...short, loss: dpo(), reference }))
        steps.push(step)
      return { steps, values: await gpu.read(adapter.values) }
    }
    const copied = await trained('copy')
    expect(copied).toEqual(await trained('cached'))
    expect(copied.steps[0]!['rewards/margins']).toBe(0)
  })

  test('small passes that are accumulated are the large one', async ({ gpu }) => {
    const check = async <L extends Loss>(examples: readonly ExampleOf<L>[], loss: L) => {
      const large = await run<L>(gpu, examples, { ...short, loss } as TrainOptions<L>)
      const small = await run<L>(gpu, examples, {
        ...short,
        ...{ loss, batchSize: 1, accumulation: 4 },
      } as TrainOptions<L>)
      const of = (name: string) => [small, large].map(({ steps }) => steps.map(step => step[name]!))
      // The sums are taken in another order; Adam divides by the gradient's size, which magnifies that.
      for (const name of [
        'loss',
        'grad_norm',
        'entropy',
        loss.kind === 'labelled' ? 'kl' : 'mean_token_accuracy',
      ])
        expectClose(of(name)[0]!, of(name)[1]!, { atol: 1e-5, rtol: 1e-3 })
    }
    await check(
      pairs(7),
      combined([
        [dpo(), 1],
        [chosenSft(), 0.5],
      ]),
    )
    await check(sequences(7), sft())
    const labelled = pairs(7).map(({ index, chosen: answer }) => ({
      ...{ index, answer, desirable: index % 3 > 0, truncated: false },
    }))
    await check(labelled, kto())
  })

  test('conversations that are packed are trained as they are one by one', async ({ gpu }) => {
    const examples = sequences(8)
    const options = { ...short, loss: sft(), shuffle: false }
    const apart = await run(gpu, examples, { ...options, batchSize: 4 })
    const packs = [[0, 1], [2], [3], [4, 5, 6], [7]]
    const packed = await run(gpu, examples, { ...options, packs, batchSize: 3, accumulation: 1 })
    expect(packed.steps.map(step => step.num_tokens)).toEqual(apart.steps.map(step => step.num_tokens))
    expect(packed).toEqual(apart)
  })

  test('a frozen copy of the weights gives the bits of cached log-probs', async ({ gpu }) => {
    const cached = await runWhole(gpu, pairs(8), { ...gentle, loss: dpo() })
    const copy = await runWhole(gpu, pairs(8), { ...gentle, loss: dpo(), reference: 'copy' })
    expect(copy).toEqual(cached)
    expect(cached.steps.at(-1)!.loss).toBeLessThan(cached.steps[0]!.loss)
  })

  test('a reference that is moved all the way after each step sees no margin', async ({ gpu }) => {
    const options = { ...gentle, loss: dpo(), reference: 'copy' } as const
    const moved = await runWhole(gpu, pairs(8), { ...options, sync: { steps: 1, alpha: 1 } })
    for (const step of moved.steps) expectClose([step.loss], [Math.LN2], { atol: 1e-6, rtol: 0 })
    const halfway = await runWhole(gpu, pairs(8), { ...options, sync: { steps: 2, alpha: 0.5 } })
    const still = await runWhole(gpu, pairs(8), options)
    // The same until it is moved, and less of a margin from then on.
    expect(halfway.steps.slice(0, 2)).toEqual(still.steps.slice(0, 2))
    const margin = ({ steps }: typeof still) => Math.abs(steps[2]!['rewards/margins']!)
    expect(margin(halfway)).toBeLessThan(margin(still))
  })

  test('evaluation sees what the first step sees, and draws the same each time', async ({ gpu }) => {
    using network = tinyLlama(gpu)
    using adapter = LoraAdapter.create(network, { rank: 4, seed: 1 })
    gpu.write(adapter.values, noise(adapter.values.size, 3, 0.1))
    const examples = pairs(6)
    const options = { loss: dpo(), adapter: adapter.map, batchTokens: 128 }
    const evaluated = await evaluateLoss(network, examples, options)
    const steps: TrainStep[] = []
    for await (const step of train(adapter, examples, {
      ...{ loss: dpo(), maxSteps: 1, batchSize: 6, reference: 'live' },
    }))
      steps.push(step)
    for (const [name, value] of Object.entries(evaluated))
      expectClose([value], [steps[0]![name]!], { atol: 1e-5, rtol: 1e-5 })
    const drawn = { ...options, loss: sampo() }
    const [a, b] = [
      await evaluateLoss(network, examples, drawn),
      await evaluateLoss(network, examples, drawn),
    ]
    expect(a).toEqual(b)
    // Rewards are of whole answers, whatever is drawn.
    const references = await startingLogProbs({ network, map: null }, examples)
    const given = await evaluateLoss(network, examples, { ...drawn, references })
    expect(given).toEqual(a)
    expect(a['lengths/chosen']).toBeGreaterThan(a['lengths/rejected']! - 20)
  })

  test('nothing of tokens × vocabulary is held: 2 × 1024 answer tokens, 151 936 entries', async () => {
    const peak = async (vocabulary: number) => {
      const config = { ...tinyConfig, vocabulary, hidden: 896, heads: 14, headSize: 64, layers: 1 }
      const network = planNetwork(gatedDecoder({ ...config, maxPositions: 2048 }), f32)
      const answer = { ids: new Uint32Array(1040), answerBegin: 16 }
      const pair = { index: 0, chosen: answer, rejected: answer, truncated: false }
      using adapter = LoraAdapter.create(network, { rank: 8 })
      const held = network.gpu.memory.allocated
      for await (const _ of train(adapter, [pair], { loss: dpo(), batchSize: 1 }));
      return network.gpu.memory.peak - held
    }
    // The same step over a vocabulary of 64 has the same activations, adapter and optimizer.
    const beyond = (await peak(151_936)) - (await peak(64))
    expect(beyond).toBeLessThan(200 * 2 ** 20)
    expect(beyond).toBeGreaterThan(2 ** 20)
  })
})
