import { completeConfig, type RecipeVariant, recipeOptions, recipes as recipeTable } from '../index'
import type { Command } from './command'
import { flag, Given, UsageError } from './options'
import { toStandardOutput } from './standard-output'

const recipesUsage = `Usage: tabtune recipes [NAME] [options]

Lists known trainings; with NAME, writes that one's options as JSON, as tabtune train --config reads them.

  --scaled, --published  for a small model and an adapter, or as published (default: --scaled)
  --help`

const spec = { scaled: flag, published: flag, help: flag }

export const recipes: Command = {
  summary: 'list known trainings, or write the options of one',
  usage: recipesUsage,
  read(argv) {
    const given = new Given(spec, argv)
    const [name, second] = given.operands
    if (second !== undefined) throw new UsageError(`'${second}' is one too many, expected a single NAME`)
    const [published, scaled] = [given.flag('published'), given.flag('scaled')]
    if (published && scaled) throw new UsageError('--published and --scaled are both given')
    if (name === undefined && (published || scaled))
      throw new UsageError(`--${published ? 'published' : 'scaled'} is of no use without NAME`)
    const text = name === undefined ? listed() : optionsOf(name, published ? 'published' : 'scaled')
    return async () => {
      await toStandardOutput(text)
      return true
    }
  },
}

const listed = () =>
  Object.entries(recipeTable)
    .map(([name, { title }]) => `${name.padEnd(20)} ${title}\n`)
    .join('')

function optionsOf(name: string, variant: RecipeVariant): string {
  const recipe = Object.hasOwn(recipeTable, name) ? recipeTable[name] : undefined
  if (!recipe)
    throw new UsageError(
      `there is no recipe '${name}', expected one of ${Object.keys(recipeTable).join(', ')}`,
    )
  return `${JSON.stringify(completeConfig(recipeOptions(recipe, variant)), null, 2)}\n`
}
