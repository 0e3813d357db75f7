import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../cli/command'
import { withRecipes } from './recipe-docs'

describe('docs/recipes.md', () => {
  it('says what the recipes are', async () => {
    const path = join(root, 'docs/recipes.md')
    await expect(withRecipes(readFileSync(path, 'utf8'))).toMatchFileSnapshot(path)
  })
})
