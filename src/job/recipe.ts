import { changeOptions, completeConfig, type TrainingOptions } from './training-config'
import type { FieldValue, FieldValues } from './training-field'
import type { FieldKey } from './training-fields'

/** Where a recipe was published. */
export interface RecipeSource {
  readonly title: string
  readonly url: string
}

/** How a known model was trained, and how to do the same with a small one. */
export interface Recipe {
  readonly title: string
  /** Which model was trained with it, on what. */
  readonly used: string
  readonly sources: readonly RecipeSource[]
  /** What comes before it; null if nothing does. */
  readonly before: string | null
  /** The options as published; what the sources do not say has tabtune's default. */
  readonly published: TrainingOptions
  /** Where this does otherwise than the published code, and why. */
  readonly differs: readonly string[]
  /** What is other for a small model, an adapter and one GPU. */
  readonly scaled: TrainingOptions
  /** Why, for each option that the scaled variant has otherwise. */
  readonly why: { readonly [K in FieldKey]?: string }
}

/** As it was published, or made fit for a small model, an adapter and one GPU. */
export type RecipeVariant = 'published' | 'scaled'

/** A recipe's options. */
export const recipeOptions = ({ published, scaled }: Recipe, variant: RecipeVariant): TrainingOptions =>
  variant === 'published' ? published : changeOptions(published, scaled).options

/** An option that the scaled variant has otherwise. */
export interface RecipeChange {
  readonly key: FieldKey
  /** Undefined where it does not apply. */
  readonly published: FieldValue | undefined
  readonly scaled: FieldValue | undefined
  readonly why: string
}

/**
 * What the scaled variant changed, in the order of the fields. Options that apply to one variant alone and have their
 * defaults are no changes.
 */
export function recipeChanges(recipe: Recipe): RecipeChange[] {
  const values = (variant: RecipeVariant) =>
    completeConfig(recipeOptions(recipe, variant)) as unknown as FieldValues
  const [published, scaled] = [values('published'), values('scaled')]
  const keys = [...new Set([...Object.keys(scaled), ...Object.keys(published)])] as FieldKey[]
  return keys
    .filter(key => key in recipe.scaled || key in recipe.published || (key in published && key in scaled))
    .filter(key => JSON.stringify(published[key]) !== JSON.stringify(scaled[key]))
    .map(key => ({ key, published: published[key], scaled: scaled[key], why: recipe.why[key] ?? '' }))
}
