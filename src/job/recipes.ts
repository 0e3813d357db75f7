import { preferenceRecipes } from './preference-recipes'
import type { Recipe } from './recipe'
import { sftRecipes } from './sft-recipes'

/** Recipes by the name that people type. */
export const recipes: Readonly<Record<string, Recipe>> = { ...sftRecipes, ...preferenceRecipes }
