import { fieldText } from '../../src/job/field-values'
import { type Recipe, recipeChanges, recipeOptions } from '../../src/job/recipe'
import { recipes } from '../../src/job/recipes'
import type { FieldValue, FieldValues } from '../../src/job/training-field'

const cell = (value: FieldValue | undefined) => (value === undefined ? 'no such option' : fieldText(value))

const listed = (options: FieldValues) =>
  Object.entries(options)
    .map(([key, value]) => `\`${key}\` ${fieldText(value)}`)
    .join(' · ')

function section(name: string, recipe: Recipe): string {
  const { title, used, sources, before, differs } = recipe
  const lines = [
    `## ${name}`,
    '',
    `${title}. Used for ${used}. From ${sources.map(({ title, url }) => `[${title}](${url})`).join(', ')}.`,
    ...(before === null ? [] : ['', before]),
    '',
    `Published: ${listed(recipeOptions(recipe, 'published') as FieldValues)}`,
    '',
    ...(differs.length > 0 ? [...differs.map(text => `- ${text}`), ''] : []),
    '| option | published | scaled | why |',
    '|---|---|---|---|',
    ...recipeChanges(recipe).map(
      ({ key, published, scaled, why }) => `| \`${key}\` | ${cell(published)} | ${cell(scaled)} | ${why} |`,
    ),
  ]
  return lines.join('\n')
}

const toc = () =>
  Object.entries(recipes)
    .map(([name, { title }]) => `| [\`${name}\`](#${name.replaceAll('.', '')}) | ${title} |`)
    .join('\n')

/** The page with what lies between its marks made anew of the recipes. */
export function withRecipes(page: string): string {
  const sections = Object.entries(recipes).map(([name, recipe]) => section(name, recipe))
  const made = ['| recipe | |\n|---|---|', toc(), '', sections.join('\n\n')].join('\n')
  return page.replace(
    /(<!-- begin[^>]*-->\n)[\s\S]*(<!-- end -->)/,
    (_, begin, end) => `${begin}\n${made}\n\n${end}`,
  )
}
