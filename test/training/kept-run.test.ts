import { describe, expect } from 'vitest'
import { StoreBusyError } from '../../src/io/model-store'
import { cdpo } from '../../src/losses/cdpo'
import { dpo } from '../../src/losses/dpo'
import { dynamicBetaDpo } from '../../src/losses/dynamic-beta-dpo'
import { kto } from '../../src/losses/kto'
import { lengthDesensitized } from '../../src/losses/length-desensitized'
import { sampled } from '../../src/losses/sampled'
import { sampo } from '../../src/losses/sampo'
import { sft } from '../../src/losses/sft'
import { adamW } from '../../src/training/adamw'
import { adamW8bit } from '../../src/training/adamw-8bit'
import { answerLogProbs } from '../../src/training/answer-log-probs'
import { removeCheckpoints } from '../../src/training/checkpoint'
import { CheckpointError } from '../../src/training/errors'
import type { Fingerprint } from '../../src/training/fingerprint'
import { fullWeights } from '../../src/training/full-weights'
import { LoraAdapter } from '../../src/training/lora-adapter'
import { runFingerprint } from '../../src/training/run-fingerprint'
import { constantSchedule, linearSchedule } from '../../src/training/schedule'
import { train } from '../../src/training/train'
import { test } from '../gpu'
import { temporaryStore } from '../run-store'
import { tinyConfig, tinyLlama } from '../tiny-llama'
import {
  adapterOf,
  bitsOf,
  type Job,
  labelled,
  oneLayer,
  pairs,
  runJob,
  sequences,
  shortRun,
  trainSome,
} from './tiny-runs'

const job = { options: { ...shortRun, loss: dpo() }, examples: pairs }
const with_ = (options: Partial<Job['options']>): Job => ({ ...job, options: { ...job.options, ...options } })

/** Losses of one name, and tokens of one name. */
const ofLonger = (alpha: number) => dpo({ tokens: lengthDesensitized({ alpha }) })

describe('what decides the numbers of a run', () => {
  test('is told apart by what it is called', async ({ gpu }) => {
    using network = oneLayer(gpu)
    const fingerprintOf = async ({ options, examples, trainable = adapterOf() }: Job, steps = 6) => {
      using made = trainable(network)
      return runFingerprint(made, examples, steps, options)
    }
    const before = await fingerprintOf(job)
    const changes: readonly [Job, readonly string[]][] = [
      [with_({}), []],
      [with_({ recompute: true }), []],
      [with_({ learningRate: 0.02 }), ['learningRate']],
      [with_({ seed: 6 }), ['seed']],
      [with_({ batchSize: 4 }), ['batchSize']],
      [with_({ accumulation: 1 }), ['accumulation']],
      [with_({ epochs: 4 }), ['epochs']],
      [with_({ shuffle: false }), ['shuffle']],
      [with_({ maxGradNorm: null }), ['maxGradNorm']],
      [with_({ schedule: constantSchedule() }), ['schedule']],
      [with_({ schedule: linearSchedule({ warmupRatio: 0.5 }) }), ['schedule']],
      [with_({ schedule: linearSchedule() }), []],
      [with_({ packs: [[0, 1], [2]] }), ['packs']],
      [with_({ reference: 'live' }), ['reference']],
      [with_({ loss: dpo({ beta: 0.2 }) }), ['loss']],
      [with_({ loss: sampo() }), ['loss']],
      [with_({ loss: cdpo() }), ['loss']],
      [with_({ optimizer: adamW() }), []],
      [with_({ optimizer: adamW({ weightDecay: 0.1 }) }), ['optimizer']],
      [with_({ optimizer: adamW({ beta2: 0.95 }) }), ['optimizer']],
      [with_({ optimizer: adamW8bit() }), ['optimizer']],
      [{ ...job, examples: pairs.slice(1) }, ['data', 'model']],
      [{ ...job, examples: [...pairs.slice(0, -1), { ...pairs[6]!, index: 9 }] }, ['data']],
      [{ ...job, trainable: adapterOf({ rank: 3 }) }, ['adapter']],
      [{ ...job, trainable: adapterOf({ alpha: 1 }) }, ['adapter']],
      [{ ...job, trainable: adapterOf({ targets: ['q_proj'] }) }, ['adapter']],
      [{ ...job, trainable: adapterOf({ dropout: 0.1 }) }, ['dropout']],
    ]
    for (const [[changed, names], n] of changes.map((change, n) => [change, n] as const))
      expect([n, differing(before, await fingerprintOf(changed))]).toEqual([n, names])
    expect(differing(before, await fingerprintOf(job, 7))).toEqual(['schedule', 'totalSteps'])
    using other = tinyLlama(gpu, { ...tinyConfig, layers: 1, normEps: 0.5 })
    using adapter = LoraAdapter.create(other, { rank: 2, seed: 1 })
    expect(differing(before, await runFingerprint(adapter, pairs, 6, job.options))).toEqual(['model'])
  })

  test.for([
    [dynamicBetaDpo({ drop: 0.2 }), dynamicBetaDpo({ drop: 0.21 }), pairs],
    [dynamicBetaDpo({ momentum: 0.9 }), dynamicBetaDpo({ momentum: 0.8 }), pairs],
    [kto({ beta: 0.1 }), kto({ beta: 0.2 }), labelled],
    [dpo({ beta: 0.1 }), { ...dpo({ beta: 0.1 }), name: 'other' }, pairs],
    [ofLonger(0.5), ofLonger(0.6), pairs],
    [dpo({ tokens: sampled() }), dpo({ tokens: sampled({ draw: 'independent' }) }), pairs],
  ] as const)('holds the settings of %o', async ([one, other, examples], { gpu }) => {
    using network = oneLayer(gpu)
    using adapter = adapterOf()(network)
    const [a, b] = await Promise.all(
      [one, other].map(loss => runFingerprint(adapter, examples, 6, { ...shortRun, loss })),
    )
    expect(differing(a!, b!)).toEqual(['loss'])
  })
})

const differing = (a: Fingerprint, b: Fingerprint) =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(name => a[name] !== b[name]).sort()

describe('a store', () => {
  test('that holds a run is no place for another one', async ({ gpu }) => {
    const store = temporaryStore()
    await runJob(gpu, job, { store }, 2)
    await expect(runJob(gpu, job, { store })).rejects.toThrow(
      /holds a run that stopped after step 4\. Resume it, or remove its checkpoints/,
    )
    const resume = { store, resume: true }
    await expect(runJob(gpu, with_({ learningRate: 0.02, seed: 1 }), resume)).rejects.toThrow(
      new CheckpointError(
        'checkpoint-000004.safetensors belongs to another run: learningRate was 0.01 and is 0.02; seed was 5 and is 1. Resume with what it was begun with, or name another store',
      ),
    )
    await expect(runJob(gpu, job, { ...resume, fingerprint: { model: 'of mine' } })).rejects.toThrow(
      'belongs to another run: model differs',
    )
    await removeCheckpoints(store)
    await runJob(gpu, job, { store }, 1)
  })

  test('is written to after as many steps as were asked for, and at the end', async ({ gpu }) => {
    const written: number[] = []
    await runJob(gpu, job, {
      ...{ store: temporaryStore(), everySteps: 4 },
      onCheckpoint: step => written.push(step),
    })
    expect(written).toEqual([4, 6])
  })

  test('is used by one run at a time, also after one that failed', async ({ gpu }) => {
    const store = temporaryStore()
    using network = oneLayer(gpu)
    using adapter = adapterOf()(network)
    const first = train(adapter, pairs, { ...job.options, checkpoint: { store } })
    await first.next()
    await expect(trainSome(adapter, job, { store })).rejects.toThrow(StoreBusyError)
    await first.return()
    const fail = () => {
      throw new Error('enough')
    }
    await expect(trainSome(adapter, with_({ onReference: fail }), { store })).rejects.toThrow('enough')
    expect(await trainSome(adapter, job, { store })).toHaveLength(6)
  })
})

describe('reference log-probs of a kept run', () => {
  test('are those of a run that is not kept, bit for bit', async ({ gpu }) => {
    using network = oneLayer(gpu)
    const live = await answerLogProbs(network, pairs)
    const store = temporaryStore()
    const kept = await runJob(gpu, job, { store })
    expect(await runJob(gpu, with_({ references: live }))).toEqual(kept)
    expect(await runJob(gpu, with_({ reference: 'live' }))).toEqual(kept)
  })

  test('are computed once for a store, whatever ends the run', async ({ gpu }) => {
    const store = temporaryStore()
    const passes: number[][] = []
    const counted = (): Job => {
      const seen: number[] = []
      passes.push(seen)
      return with_({ onReference: done => seen.push(done) })
    }
    await runJob(gpu, counted(), { store }, 1)
    await runJob(gpu, counted(), { store, resume: true }, 3)
    expect(passes[0]!.length).toBeGreaterThan(1)
    expect(passes[1]).toEqual([7])
  })

  test('let an adapter go on that was trained since, which they alone can', async ({ gpu }) => {
    const whole = await runJob(gpu, job)
    using network = oneLayer(gpu)
    using adapter = adapterOf()(network)
    const store = temporaryStore()
    const before = await trainSome(adapter, job, { store }, 2)
    const after = await trainSome(adapter, job, { store, resume: true })
    expect([...before, ...after]).toEqual(whole.steps)
    expect(await bitsOf(adapter)).toEqual(whole.bits)
    const [folder] = (await store.list('')).filter(name => name.startsWith('references-'))
    await store.remove(folder!)
    await expect(trainSome(adapter, job, { store, resume: true })).rejects.toThrow(
      /the reference log-probs of the run are not in .* what is trained is not as it was when the run began/,
    )
    // A fresh one is as it was.
    expect((await runJob(gpu, job, { store, resume: true })).bits).toEqual(whole.bits)
  })

  test('of a copied model need the model as it was', async ({ gpu }) => {
    const store = temporaryStore()
    using network = oneLayer(gpu)
    using trained = fullWeights(network)
    const copied = with_({ reference: 'copy' })
    await trainSome(trained, copied, { store }, 2)
    await expect(trainSome(trained, copied, { store, resume: true })).rejects.toThrow(
      'belongs to another run: model at the start differs',
    )
  })

  test('are not looked for where the loss needs none', async ({ gpu }) => {
    const store = temporaryStore()
    await runJob(gpu, { options: { ...shortRun, loss: sft() }, examples: sequences }, { store }, 1)
    expect((await store.list('')).filter(name => name.startsWith('references'))).toEqual([])
  })
})
