import { describe, expect } from 'vitest'
import { readPairs } from '../../src/data/read-pairs'
import { makeTrainable } from '../../src/job/make-training'
import { recipeOptions } from '../../src/job/recipe'
import { recipes } from '../../src/job/recipes'
import { changeOptions, completeConfig, parseTrainingOptions } from '../../src/job/training-config'
import { trainingJob } from '../../src/job/training-job'
import type { Model } from '../../src/models/load-model'
import { test } from '../bundled-model'

const lists = {
  fruits: 'apple pear plum grape lemon peach melon cherry fig',
  trees: 'oak elm ash pine fir birch beech willow maple',
  colors: 'red blue green pink black white gray brown gold',
  animals: 'dog cat horse cow pig sheep goat hen fox',
  cities: 'Rome Paris Lima Oslo Bern Cairo Delhi Seoul Quito',
  drinks: 'tea milk water juice coffee cocoa wine beer cider',
  tools: 'hammer saw drill file axe pliers rake spade broom',
  birds: 'owl crow robin swan duck goose hawk gull wren',
  metals: 'iron gold zinc lead tin copper silver nickel chrome',
  months: 'May June July March April August October November December',
  games: 'chess go tag darts golf tennis poker bridge rugby',
  foods: 'bread rice soup pasta salad stew cake pie beans',
  rooms: 'kitchen hall attic cellar study bath bedroom porch pantry',
  clothes: 'hat coat sock shoe glove scarf shirt belt dress',
  flowers: 'rose lily tulip daisy iris poppy violet aster orchid',
  jobs: 'baker nurse pilot tailor farmer judge clerk miner cook',
}

/** Answers that differ in nothing but their length: nine words of a kind, or the first two of them. */
const pairs = Object.entries(lists).map(([kind, words]) => {
  const all = words.split(' ')
  return {
    prompt: `Name some ${kind}.`,
    chosen: `${all.join(', ')}.`,
    rejected: `${all.slice(0, 2).join(', ')}.`,
  }
})

/** The SamPO recipe with a loss, for a few steps at a rate that the bundled model learns at. */
const configOf = (loss: string) =>
  completeConfig(
    changeOptions(
      recipeOptions(recipes.sampo!, 'scaled'),
      parseTrainingOptions({
        ...{ loss, learningRate: 1e-3, epochs: 4, steps: 8, batchSize: 4, accumulation: 1, seed: 0 },
        ...{ maxLength: 96, promptKeep: 48, evalSplit: 0.25, evalAnswers: 4, evalTokens: 64 },
      }),
    ).options,
  )

/** How much longer held-out prompts are answered, and how often the chosen answer is rewarded more. */
async function learned(model: Model, loss: string) {
  const config = configOf(loss)
  const data = { kind: 'pairs', pairs: (await readPairs(JSON.stringify(pairs))).pairs } as const
  using adapter = makeTrainable(model.network, config)
  for await (const event of trainingJob(model, adapter, data, config)) {
    if (event.kind !== 'done') continue
    const { lengths, metrics } = event.comparison
    const accuracy = metrics.find(({ name }) => name === 'rewards/accuracies')!.after!
    return { growth: lengths!.growth!, accuracy }
  }
  throw new Error('the run did not end')
}

describe('on pairs whose chosen answers are longer', () => {
  // With the seed 0 measured at 5 % and -14 %, both at accuracy 1; other seeds and splits gave the same order of lengths.
  test('SamPO’s answers grow less than DPO’s, as often right', { timeout: 240_000 }, async ({ model }) => {
    const [dpo, sampo] = [await learned(model, 'dpo'), await learned(model, 'sampo')]
    expect(sampo.growth).toBeLessThan(dpo.growth)
    expect(sampo.accuracy).toBeGreaterThanOrEqual(dpo.accuracy)
    expect(dpo.accuracy).toBeGreaterThan(0.5)
  })
})
