import { describe, expect } from 'vitest'
import { readPairs } from '../../src/data/read-pairs'
import { readRows } from '../../src/data/read-rows'
import { trainingReport } from '../../src/evaluation/training-report'
import { makeTrainable } from '../../src/job/make-training'
import { type RecipeVariant, recipeOptions } from '../../src/job/recipe'
import { recipes } from '../../src/job/recipes'
import { changeOptions, completeConfig } from '../../src/job/training-config'
import { dataOf, type TrainingData } from '../../src/job/training-data'
import type { TrainingEvent } from '../../src/job/training-events'
import type { TrainingConfig } from '../../src/job/training-fields'
import { trainingJob } from '../../src/job/training-job'
import type { Model } from '../../src/models/load-model'
import { test } from '../bundled-model'

const pairs = [
  ['Name a fruit.', 'An apple.', 'A stone.'],
  ['Add 2 and 3.', '5', 'Who knows?'],
  ['Say hello.', 'Hello!', 'No.'],
  ['Spell cat.', 'c, a, t', 'dog'],
].map(([prompt, chosen, rejected]) => ({ prompt, chosen, rejected }))

const rows = pairs.map(({ prompt, chosen }, i) => ({ instruction: prompt, output: chosen, quality: i + 2 }))

async function dataFor({ method }: TrainingConfig): Promise<TrainingData> {
  if (dataOf[method] === 'pairs')
    return { kind: 'pairs', pairs: (await readPairs(JSON.stringify(pairs))).pairs }
  return { kind: 'rows', rows: (await readRows(JSON.stringify(rows))).rows }
}

/** A recipe, but for what makes it long: a rate that this model learns at, and few tokens. */
function shortened(name: string, variant: RecipeVariant): TrainingConfig {
  const options = recipeOptions(recipes[name]!, variant)
  const isAdapter = options.trained !== 'full'
  const isConversation = options.method !== 'scorer'
  return completeConfig(
    changeOptions(options, {
      ...{ learningRate: isAdapter ? 2e-3 : 2e-4, steps: 3, epochs: 3, warmupRatio: 0, seed: 0 },
      ...{ batchSize: 4, accumulation: 1, maxLength: 160, evalSplit: 0 },
      ...(isConversation ? { evalAnswers: 1, evalTokens: 4 } : {}),
      ...(options.truncation === 'prompt-first' ? { promptKeep: 80 } : {}),
    }).options,
  )
}

async function runOf(model: Model, config: TrainingConfig): Promise<TrainingEvent[]> {
  using trainable = makeTrainable(model.network, config)
  const events: TrainingEvent[] = []
  for await (const event of trainingJob(model, trainable, await dataFor(config), config)) events.push(event)
  return events
}

/** What a run changed, by metric. */
function changes(events: readonly TrainingEvent[]) {
  const done = events.at(-1)
  if (done?.kind !== 'done') throw new Error('the run did not end')
  return { comparison: done.comparison, of: new Map(done.comparison.metrics.map(m => [m.name, m.change!])) }
}

const names = Object.keys(recipes)

describe.each(names)('the recipe %s', name => {
  test('runs, and its report shows what it changed', { timeout: 120_000 }, async ({ model }) => {
    const config = shortened(name, 'scaled')
    const events = await runOf(model, config)
    const { comparison, of } = changes(events)
    expect(of.get('loss')).toBeLessThan(0)
    if (config.method === 'preference') {
      const { before, after } = comparison.metrics.find(m => m.name === 'rewards/accuracies')!
      // Of a model beside itself there is none.
      expect(before === null || config.reference === undefined).toBe(true)
      expect(after).toBeGreaterThan(0.5)
      expect(of.get('rewards/margins')).toBeGreaterThan(0)
    }
    const rounds = events.flatMap(event => (event.kind === 'step' ? [event.round] : []))
    expect(rounds).toEqual(name === 'iterative-sampo' ? [1, 1, 1, 2, 2, 2, 3, 3, 3] : [1, 1, 1])
    const steps = events.flatMap(event => (event.kind === 'step' ? [event.step] : []))
    const report = trainingReport({ model: 'bundled', recipe: name, date: new Date(0), steps, comparison })
    const shown = config.method === 'preference' ? 'rewards/accuracies' : 'mean_token_accuracy'
    for (const text of [name, 'Before and after', shown]) expect(report).toContain(text)
  })
})

describe('rounds', () => {
  test('begin anew, with the model as it then is for a reference', { timeout: 120_000 }, async ({
    model,
  }) => {
    const events = await runOf(model, shortened('iterative-sampo', 'scaled'))
    const first = events.flatMap(event =>
      event.kind === 'step' && event.step.step === 1 ? [event.step] : [],
    )
    expect(first).toHaveLength(3)
    for (const { loss, learning_rate } of first) {
      expect(loss).toBeCloseTo(Math.LN2, 5)
      expect(learning_rate).toBe(2e-3)
    }
    expect(first[2]!['logps/chosen']).toBeGreaterThan(first[0]!['logps/chosen']!)
  })
})

describe('a published recipe', () => {
  test('trains all weights', { timeout: 120_000 }, async ({ gpu }) => {
    const { loadModel } = await import('../../src/models/load-model')
    const { bundledFiles } = await import('../bundled-model')
    // Its weights change.
    using own = await loadModel(gpu, await bundledFiles())
    const { of } = changes(await runOf(own, shortened('smollm2-dpo', 'published')))
    expect(of.get('loss')).toBeLessThan(0)
    expect(of.get('rewards/margins')).toBeGreaterThan(0)
  })
})
