import { describe, expect } from 'vitest'
import { readLabelled } from '../../src/data/labelled'
import { readPairs } from '../../src/data/read-pairs'
import { readRows } from '../../src/data/read-rows'
import { ConfigError } from '../../src/job/config-error'
import { makeTrainable } from '../../src/job/make-training'
import { metricsLines } from '../../src/job/metrics-lines'
import { parseTrainingConfig } from '../../src/job/training-config'
import { prepareData, type TrainingData } from '../../src/job/training-data'
import type { TrainingEvent, TrainingJobOptions } from '../../src/job/training-events'
import { JobError, trainingJob } from '../../src/job/training-job'
import type { Model } from '../../src/models/load-model'
import { functionScorer } from '../../src/scoring/function-scorer'
import { test } from '../bundled-model'

const pairs = [
  ['Name a fruit.', 'An apple.', 'A stone.'],
  ['Add 2 and 3.', '5', 'Who knows?'],
  ['Say hello.', 'Hello!', 'No.'],
  ['Spell cat.', 'c, a, t', 'dog'],
].map(([prompt, chosen, rejected]) => ({ prompt, chosen, rejected }))

const pairData = async (): Promise<TrainingData> => ({
  kind: 'pairs',
  pairs: (await readPairs(JSON.stringify(pairs))).pairs,
})
const rowData = async (): Promise<TrainingData> => {
  const rows = pairs.map(({ prompt, chosen }) => ({ instruction: prompt, output: chosen }))
  return { kind: 'rows', rows: (await readRows(JSON.stringify(rows))).rows }
}
const labelledData = async (): Promise<TrainingData> => {
  const answers = pairs.map(({ prompt, chosen }, i) => ({ prompt, completion: chosen, label: i % 2 === 0 }))
  return { kind: 'labelled', answers: (await readLabelled(JSON.stringify(answers))).answers }
}

const quick = {
  ...{ rank: 2, learningRate: 1e-3, warmupRatio: 0, batchSize: 2, accumulation: 1, steps: 2 },
  ...{ maxLength: 96, evalAnswers: 0, evalSplit: 0 },
}

async function eventsOf(
  model: Model,
  data: TrainingData,
  json: object,
  options: TrainingJobOptions = {},
): Promise<TrainingEvent[]> {
  const config = parseTrainingConfig({ ...quick, ...json })
  using trainable = makeTrainable(model.network, config)
  const events: TrainingEvent[] = []
  for await (const event of trainingJob(model, trainable, data, config, options)) events.push(event)
  return events
}

const kinds = (events: readonly TrainingEvent[]) => events.map(({ kind }) => kind)

describe('trainingJob', () => {
  test('tells what it does in order, and measures on the way', { timeout: 120_000 }, async ({ model }) => {
    const events = await eventsOf(model, await pairData(), {
      steps: 3,
      epochs: 2,
      evalSteps: 2,
      evalSplit: 0.25,
    })
    expect(kinds(events)).toEqual([
      ...['data', 'evaluation', 'step', 'step', 'evaluation', 'step', 'evaluation', 'done'],
    ])
    const [data] = events
    expect(data).toMatchObject({ isHeldOut: true, totalSteps: 3, data: { heldOut: [{}], dropped: [] } })
    const measured = events.flatMap(event =>
      event.kind === 'evaluation' ? [[event.run.name, event.step]] : [],
    )
    expect(measured).toEqual([
      ['before', 0],
      ['step 2', 2],
      ['after', 3],
    ])
    const lines = events.flatMap(event => metricsLines(event, parseTrainingConfig({})))
    expect(lines.map(({ step }) => step)).toEqual([0, 1, 2, 2, 3, 3])
    expect(lines[0]).toMatchObject({ evaluation: 'before', eval_loss: expect.closeTo(Math.LN2, 5) })
  })

  test('trains on conversations, packed and with noise', { timeout: 120_000 }, async ({ model }) => {
    const json = {
      method: 'sft',
      loss: 'dft',
      packing: true,
      neftune: 5,
      optimizer: 'lion',
      learningRate: 1e-4,
    }
    const events = await eventsOf(model, await rowData(), json)
    // Four conversations of some twenty tokens share a sequence of 96.
    expect(events[0]).toMatchObject({ totalSteps: 1 })
    expect(kinds(events).at(-1)).toBe('done')
  })

  test('trains on labelled answers, with a template of its own', { timeout: 120_000 }, async ({ model }) => {
    const events = await eventsOf(model, await labelledData(), { method: 'labelled', template: 'zephyr' })
    expect(events[0]).toMatchObject({ data: { report: { desirable: 2 } } })
    const steps = events.flatMap(event => (event.kind === 'step' ? [event.step] : []))
    expect(steps[0]).toHaveProperty('kl')
  })

  test('samples the pairs of later rounds, the best answer chosen', { timeout: 180_000 }, async ({
    model,
  }) => {
    const scorer = functionScorer('characters', ({ output }) => output.length)
    const json = {
      ...{ iterative: true, rounds: 2, answers: 'sampled', samples: 3, temperature: 1.5, answerTokens: 5 },
      ...{ steps: 1, loss: 'sampo' },
    }
    const run = () => pairData().then(data => eventsOf(model, data, json, { scorer: { scorer } }))
    const events = await run()
    expect(kinds(events)).toEqual(['data', 'evaluation', 'step', 'round', 'step', 'evaluation', 'done'])
    const round = events[3]!
    if (round.kind !== 'round') return expect.unreachable()
    expect(round.examples).toBeGreaterThan(0)
    expect(round.examples + round.dropped.length).toBe(4)
    const first = events[4]!
    if (first.kind !== 'step') return expect.unreachable()
    // The model as it was when the round began is its reference.
    expect(first.step.loss).toBeCloseTo(Math.LN2, 5)
    expect(await run()).toEqual(events)
    await expect(pairData().then(data => eventsOf(model, data, json))).rejects.toThrow(ConfigError)
  })

  test('a live reference of a later round is the model as it was when that began', async ({ model }) => {
    const json = {
      iterative: true,
      rounds: 2,
      reference: 'live',
      steps: 2,
      learningRate: 0.01,
      evalAnswers: 0,
    }
    const events = await eventsOf(model, await pairData(), json)
    const steps = events.flatMap(event => (event.kind === 'step' ? [event] : []))
    expect(steps.map(({ round }) => round)).toEqual([1, 1, 2, 2])
    expect(steps[2]!.step.loss).toBeCloseTo(Math.LN2, 5)
  })

  test('refuses what it cannot train on', async ({ model }) => {
    await expect(eventsOf(model, await rowData(), {})).rejects.toThrow(
      new ConfigError('the method preference learns from pairs, and the data is rows', 'method'),
    )
    await expect(eventsOf(model, await pairData(), { maxLength: 3 })).rejects.toThrow(JobError)
  })
})

describe('prepareData', () => {
  test('holds the same examples out for a seed, whatever else there is', async ({ model }) => {
    const data = await pairData()
    const places = (json: object) =>
      prepareData(model, data, parseTrainingConfig({ ...json })).heldOut.map(({ index }) => index)
    expect(places({ evalSplit: 0.5 })).toHaveLength(2)
    expect(places({ evalSplit: 0.5, maxLength: 64 })).toEqual(places({ evalSplit: 0.5 }))
    expect(places({ evalSplit: 0.2 })).toEqual([])
    const seeds = Array.from({ length: 8 }, (_, seed) => String(places({ evalSplit: 0.5, seed })))
    expect(new Set(seeds).size).toBeGreaterThan(1)
  })

  test('holds out no answer, or several, where a loss compares them, and trains on several', async ({
    model,
  }) => {
    const data = await labelledData()
    const held = (json: object) =>
      prepareData(model, data, parseTrainingConfig({ method: 'labelled', ...json })).heldOut.length
    expect([held({ evalSplit: 0.25 }), held({ evalSplit: 0.5 })]).toEqual([0, 2])
    expect(held({ evalSplit: 0.25, loss: 'apo-zero-unpaired' })).toBe(1)
    expect(() => held({ evalSplit: 0.75 })).toThrow(/^the loss kto .* of 4 only one .*; lower evalSplit/)
  })

  test('lowers what a prompt keeps with the context of the model, and says so', async ({ model }) => {
    const { maxPositions } = model.network
    const long = { maxLength: 4 * maxPositions, truncation: 'prompt-first', promptKeep: 2 * maxPositions }
    const pair = {
      ...{ index: 0, id: '', raw: null, prompt: [{ role: 'user', content: 'Count. '.repeat(900) } as const] },
      ...{ chosen: 'one '.repeat(900), rejected: 'two' },
    }
    const prepared = prepareData(model, { kind: 'pairs', pairs: [pair] }, parseTrainingConfig(long))
    expect(prepared.report.answers.min).toBe(maxPositions / 2)
    expect(prepared.notes).toEqual([
      `maxLength is lowered from ${4 * maxPositions} to ${maxPositions}, the context of the model, and promptKeep from ${2 * maxPositions} to ${maxPositions / 2}`,
    ])
    expect(prepareData(model, await pairData(), parseTrainingConfig({})).notes).toEqual([])
  })
})
