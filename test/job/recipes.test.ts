import { describe, expect, it } from 'vitest'
import { recipeChanges, recipeOptions } from '../../src/job/recipe'
import { recipes } from '../../src/job/recipes'
import { changeOptions, completeConfig, parseTrainingConfig } from '../../src/job/training-config'

const all = Object.entries(recipes)

it('are those of the seeds', () => {
  expect(Object.keys(recipes).sort()).toEqual([
    'ct-llm-dpo',
    'deita-dpo',
    'deita-scorer',
    'deita-sft',
    'iterative-sampo',
    'sampo',
    'smollm2-dpo',
    'superfiltering-sft',
    'tulu-2.5-dpo',
    'tulu-3-dpo',
    'zephyr-dpo',
  ])
})

describe.each(all)('%s', (_, recipe) => {
  it.each(['published', 'scaled'] as const)('is a config as %s', variant => {
    const config = completeConfig(recipeOptions(recipe, variant))
    expect(parseTrainingConfig(JSON.parse(JSON.stringify(config)))).toEqual(config)
  })

  it('trains all weights as published, and an adapter at ten times the rate where it is scaled', () => {
    const [published, scaled] = [
      completeConfig(recipeOptions(recipe, 'published')),
      completeConfig(recipeOptions(recipe, 'scaled')),
    ]
    expect([published.trained, scaled.trained]).toEqual(['full', 'lora'])
    expect(scaled.learningRate / published.learningRate).toBeCloseTo(10, 9)
    expect(scaled.batchSize * scaled.accumulation).toBeLessThan(published.batchSize * published.accumulation)
  })

  it('says of all that was scaled why, and of nothing else', () => {
    const changes = recipeChanges(recipe)
    for (const { key, why } of changes) expect(why, key).toMatch(/^[A-Z].*\.$/)
    // Nothing of `scaled` is what it was before.
    expect(Object.keys(recipe.scaled).sort()).toEqual(changes.map(({ key }) => key).sort())
    expect(changeOptions(recipe.published, recipe.scaled).left).toEqual([])
  })

  it('names its sources', () => {
    expect(recipe.sources.length).toBeGreaterThan(0)
    for (const { url } of recipe.sources) expect(URL.canParse(url)).toBe(true)
  })
})
