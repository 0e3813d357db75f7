import { describe, expect } from 'vitest'
import type { RunStore } from '../../src/io/run-store'
import { dpo } from '../../src/losses/dpo'
import { dynamicBetaDpo } from '../../src/losses/dynamic-beta-dpo'
import { kto } from '../../src/losses/kto'
import { sampo } from '../../src/losses/sampo'
import { sft } from '../../src/losses/sft'
import { adamW } from '../../src/training/adamw'
import { adamW8bit } from '../../src/training/adamw-8bit'
import { fullWeights } from '../../src/training/full-weights'
import { lion } from '../../src/training/lion'
import type { TrainStep } from '../../src/training/train'
import { test } from '../gpu'
import { temporaryStore } from '../run-store'
import { adapterOf, type Job, labelled, pairs, runJob, sequences, shortRun } from './tiny-runs'

/** The bytes of all that the last checkpoint holds, and where it stands. */
async function lastCheckpoint(store: RunStore) {
  const names = (await store.list('')).filter(name => name.startsWith('checkpoint-')).sort()
  return [names.at(-1), await store.read(names.at(-1)!)]
}

const jobs: readonly [string, Job][] = [
  ['DPO', { options: { ...shortRun, loss: dpo() }, examples: pairs }],
  [
    'SamPO with dropout and DoRA',
    {
      options: { ...shortRun, loss: sampo() },
      examples: pairs,
      trainable: adapterOf({ dropout: 0.2, dora: true }),
    },
  ],
  [
    'SFT with noise, weight decay and packs',
    {
      options: {
        ...{ ...shortRun, loss: sft(), neftune: 5, optimizer: adamW({ weightDecay: 0.1 }) },
        packs: [[0, 3], [1], [2, 4], [5], [6]],
        epochs: 4,
        maxSteps: 6,
      },
      examples: sequences,
    },
  ],
  [
    'SFT of all weights with Lion',
    { options: { ...shortRun, loss: sft(), optimizer: lion() }, examples: sequences, trainable: fullWeights },
  ],
  [
    'DPO of all weights, towards which its reference moves',
    {
      options: { ...shortRun, loss: dpo(), reference: 'copy', sync: { steps: 2, alpha: 0.5 } },
      examples: pairs,
      trainable: fullWeights,
    },
  ],
  [
    'β-DPO, which keeps averages',
    { options: { ...shortRun, loss: dynamicBetaDpo(), batchSize: 4, accumulation: 1 }, examples: pairs },
  ],
  [
    'KTO with 8 bits of state',
    { options: { ...shortRun, loss: kto(), optimizer: adamW8bit() }, examples: labelled },
  ],
]

/** Where a run is stopped, and how often it is written until then. */
const stops = [
  [1, 100],
  [4, 1],
  [Number.POSITIVE_INFINITY, 2],
] as const

describe.each(jobs)('%s', (_, job) => {
  test('gives the bits of a run that was not stopped, wherever it was', async ({ gpu }) => {
    const left = temporaryStore()
    const whole = await runJob(gpu, job, { store: left, everySteps: 100 })
    expect(whole.steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6])
    const store = temporaryStore()
    const seen: TrainStep[] = []
    for (const [stopAfter, everySteps] of stops) {
      const resumedAt: number[] = []
      const onCheckpoint = (step: number, kind: string) => {
        if (kind === 'resumed') resumedAt.push(step)
      }
      const kept = { store, everySteps, resume: true, onCheckpoint }
      const { steps, bits } = await runJob(gpu, job, kept, stopAfter)
      expect(resumedAt).toEqual(seen.length === 0 ? [] : [seen.length])
      seen.push(...steps)
      if (stopAfter === Number.POSITIVE_INFINITY) expect(bits).toEqual(whole.bits)
    }
    expect(seen).toEqual(whole.steps)
    expect(await lastCheckpoint(store)).toEqual(await lastCheckpoint(left))
    // A run that has ended has nothing more to do.
    expect(await runJob(gpu, job, { store, resume: true })).toEqual({ steps: [], bits: whole.bits })
  })
})

test('keeping a run changes none of its bits', async ({ gpu }) => {
  const [, job] = jobs[1]!
  const alone = await runJob(gpu, job)
  expect(await runJob(gpu, job, { store: temporaryStore(), everySteps: 1 })).toEqual(alone)
})
