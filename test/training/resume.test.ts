import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import type { RunStore } from '../../src/io/run-store'
import { dpo } from '../../src/losses/dpo'
import { sampo } from '../../src/losses/sampo'
import { sft } from '../../src/losses/sft'
import type { EncodedAnswer } from '../../src/models/answer-batch'
import { adamW } from '../../src/training/adamw'
import type { EncodedPair, EncodedSequence, Example } from '../../src/training/examples'
import { LoraAdapter, type LoraOptions } from '../../src/training/lora-adapter'
import { type TrainOptions, type TrainStep, train } from '../../src/training/train'
import type { CheckpointOptions } from '../../src/training/train-options'
import { test } from '../gpu'
import { noise } from '../numbers'
import { temporaryStore } from '../run-store'
import { tinyConfig, tinyLlama } from '../tiny-llama'

const ids = (seed: number) => Uint32Array.from(noise(8 + (seed % 16), seed), x => Math.floor((x + 1) * 30))
const answer = (seed: number): EncodedAnswer => ({ ids: ids(seed), answerBegin: 3 })

const pairs: EncodedPair[] = Array.from({ length: 7 }, (_, index) => ({
  index,
  chosen: answer(2 * index + 1),
  rejected: answer(3 * index + 50),
  truncated: false,
}))
const sequences: EncodedSequence[] = pairs.map(({ index, chosen }) => ({
  index,
  ids: chosen.ids,
  mask: Uint8Array.from(chosen.ids, (_, t) => (t < 3 ? 0 : 1)),
  truncated: false,
}))

type Options = Omit<TrainOptions, 'checkpoint' | 'signal'>
const options = { learningRate: 0.01, epochs: 3, batchSize: 2, accumulation: 2, seed: 5 }

interface Job {
  readonly options: Options
  readonly examples: readonly Example[]
  readonly lora: LoraOptions
}

/** Trains until step `stopAfter`, and gives the steps that were seen, and all bits that are left. */
async function run(
  gpu: Gpu,
  { options, examples, lora }: Job,
  checkpoint?: CheckpointOptions,
  stopAfter = Number.POSITIVE_INFINITY,
) {
  using network = tinyLlama(gpu, { ...tinyConfig, layers: 1 })
  using adapter = LoraAdapter.create(network, { rank: 2, seed: 1, ...lora })
  const stop = new AbortController()
  const steps: TrainStep[] = []
  const training = train(adapter, examples as never, {
    ...options,
    signal: stop.signal,
    ...(checkpoint ? { checkpoint } : {}),
  })
  try {
    for await (const step of training) {
      steps.push(step)
      if (step.step >= stopAfter) stop.abort(new Error('stopped'))
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error
  }
  return { steps, values: await gpu.readU32(adapter.values) }
}

/** The bytes of all that the last checkpoint holds, and where it stands. */
async function lastCheckpoint(store: RunStore) {
  const names = (await store.list('')).filter(name => name.startsWith('checkpoint-')).sort()
  return [names.at(-1), await store.read(names.at(-1)!)]
}

const jobs: [string, Job][] = [
  ['DPO', { options: { ...options, loss: dpo() }, examples: pairs, lora: {} }],
  [
    'SamPO with dropout and DoRA',
    { options: { ...options, loss: sampo() }, examples: pairs, lora: { dropout: 0.2, dora: true } },
  ],
  [
    'SFT with noise and weight decay',
    {
      options: { ...options, loss: sft(), neftune: 5, optimizer: adamW({ weightDecay: 0.1 }) },
      examples: sequences,
      lora: {},
    },
  ],
]

describe.each(jobs)('%s', (_, job) => {
  test('gives the bits of a run that was not stopped, wherever it was', async ({ gpu }) => {
    const left = temporaryStore()
    const whole = await run(gpu, job, { store: left, everySteps: 100 })
    expect(whole.steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6])
    expect(await run(gpu, job)).toEqual(whole)
    const store = temporaryStore()
    const seen: TrainStep[] = []
    for (const [stopAfter, everySteps] of [
      [1, 100],
      [3, 1],
      [Number.POSITIVE_INFINITY, 2],
    ] as const) {
      const resumedAt: number[] = []
      const { steps, values } = await run(
        gpu,
        job,
        {
          store,
          everySteps,
          resume: true,
          onCheckpoint: (step, kind) => kind === 'resumed' && resumedAt.push(step),
        },
        stopAfter,
      )
      expect(resumedAt).toEqual(seen.length === 0 ? [] : [seen.length])
      seen.push(...steps)
      if (stopAfter === Number.POSITIVE_INFINITY) expect(values).toEqual(whole.values)
    }
    expect(seen).toEqual(whole.steps)
    expect(await lastCheckpoint(store)).toEqual(await lastCheckpoint(left))
    // A run that has ended has nothing more to do.
    expect(await run(gpu, job, { store, resume: true })).toEqual({ steps: [], values: whole.values })
  })
})
