import {
  completeConfig,
  fieldText,
  nearestName,
  type Recipe,
  type RecipeVariant,
  recipeChanges,
  recipeOptions,
  recipes as recipeTable,
} from '../index'
import type { Command } from './command'
import { flag, Given, UsageError } from './options'
import { toStandardOutput } from './standard-output'

const recipesUsage = `Usage: tabtune recipes [NAME] [options]

Lists known trainings; with NAME, writes that one's options as JSON, as tabtune train --config reads them, and on standard
error where they come from, and why those for a small model are other ones.

  --scaled, --published  for a small model and an adapter, or as published (default: --scaled)
  --json                 the options alone
  --help`

const spec = { scaled: flag, published: flag, json: flag, help: flag }

export const recipes: Command = {
  summary: 'list known trainings, or write the options of one',
  usage: recipesUsage,
  read(argv) {
    const given = new Given(spec, argv)
    const [name, second] = given.operands
    if (second !== undefined) throw new UsageError(`'${second}' is one too many, expected a single NAME`)
    const [published, scaled] = [given.flag('published'), given.flag('scaled')]
    if (published && scaled) throw new UsageError('--published and --scaled are both given')
    const unused = (['published', 'scaled', 'json'] as const).find(one => given.flag(one))
    if (name === undefined) {
      if (unused) throw new UsageError(`--${unused} is of no use without NAME`)
      return async () => {
        await toStandardOutput(listed())
        return true
      }
    }
    const [recipe, variant] = [recipeNamed(name), published ? 'published' : 'scaled'] as const
    return async () => {
      // Not a note of progress: who asks for a recipe asks for this, also in a pipe, where the options are on their own.
      if (!given.flag('json')) process.stderr.write(about(name, recipe, variant))
      await toStandardOutput(`${JSON.stringify(completeConfig(recipeOptions(recipe, variant)), null, 2)}\n`)
      return true
    }
  },
}

const listed = () =>
  Object.entries(recipeTable)
    .map(([name, { title }]) => `${name.padEnd(20)} ${title}\n`)
    .join('')

function recipeNamed(name: string): Recipe {
  const recipe: Recipe | undefined = Object.hasOwn(recipeTable, name) ? recipeTable[name] : undefined
  if (recipe) return recipe
  const known = Object.keys(recipeTable)
  const near = nearestName(name, known)
  throw new UsageError(
    `there is no recipe '${name}', expected one of ${known.join(', ')}${near === undefined ? '' : `; did you mean ${near}?`}`,
  )
}

/** Where a recipe comes from, what comes before it, and what is other here and why. */
function about(name: string, recipe: Recipe, variant: RecipeVariant): string {
  const { title, used, sources, before, differs } = recipe
  const value = (one: Parameters<typeof fieldText>[0] | undefined) =>
    one === undefined ? 'not there' : fieldText(one)
  const changes = variant === 'scaled' ? recipeChanges(recipe) : []
  return [
    `${name}, ${variant}: ${title}`,
    `Used for ${used}.`,
    ...sources.map(({ title, url }) => `From ${title}, ${url}`),
    ...(before === null ? [] : [before]),
    ...(differs.length > 0 ? ['Other than the published code:'] : []),
    ...differs.map(text => `  ${text}`),
    ...(changes.length > 0 ? ['Other than published, for a small model, an adapter and one GPU:'] : []),
    ...changes.map(
      ({ key, published, scaled, why }) =>
        `  ${key}: ${value(published)} → ${value(scaled)}${why === '' ? '' : `. ${why}`}`,
    ),
    '',
    '',
  ].join('\n')
}
