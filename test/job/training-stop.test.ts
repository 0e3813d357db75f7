import { expect } from 'vitest'
import { readPairs } from '../../src/data/read-pairs'
import { makeTrainable } from '../../src/job/make-training'
import { parseTrainingConfig } from '../../src/job/training-config'
import type { TrainingEvent } from '../../src/job/training-events'
import { trainingJob } from '../../src/job/training-job'
import { test } from '../bundled-model'

const pairs = ['fruit', 'color', 'noun'].map(word => ({
  prompt: `Name a ${word}.`,
  chosen: 'Yes.',
  rejected: 'No.',
}))

test('a stopped run is measured as it is, and done; an aborted one is not', async ({ model }) => {
  const config = parseTrainingConfig({
    ...{ rank: 2, epochs: 4, batchSize: 3, accumulation: 1, targets: ['q_proj'] },
    ...{ evalSplit: 0, evalAnswers: 0, learningRate: 1e-2, warmupRatio: 0 },
  })
  const data = { kind: 'pairs', pairs: (await readPairs(JSON.stringify(pairs))).pairs } as const
  const run = async (by: 'stop' | 'signal') => {
    using trainable = makeTrainable(model.network, config)
    const ending = new AbortController()
    const events: TrainingEvent[] = []
    for await (const event of trainingJob(model, trainable, data, config, { [by]: ending.signal })) {
      events.push(event)
      if (event.kind === 'step') ending.abort()
    }
    return events
  }
  const events = await run('stop')
  const steps = events.filter(event => event.kind === 'step').length
  expect(steps).toBeLessThan(4)
  const [evaluation, done] = events.slice(-2)
  expect(evaluation).toMatchObject({ kind: 'evaluation', step: steps, run: { name: 'after' } })
  const metrics = done?.kind === 'done' ? done.comparison.metrics : []
  const loss = metrics.find(({ name }) => name === 'loss')!
  expect(loss.before).toBeCloseTo(Math.LN2, 4)
  expect(loss.change).toBeLessThan(-1e-4)
  await expect(run('signal')).rejects.toThrow('abort')
})
