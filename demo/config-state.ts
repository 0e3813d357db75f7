import { computed, signal } from '@preact/signals'
import {
  applies,
  ConfigError,
  completeConfig,
  defaultOf,
  type FieldKey,
  type FieldValue,
  type FieldValues,
  fieldEntries,
  fieldFromText,
  fieldOf,
  fieldText,
  type Method,
  namedLosses,
  parseTrainingConfig,
  type RecipeVariant,
  recipeOptions,
  recipes,
  type TrainingConfig,
  type TrainingOptions,
  type WeightedLoss,
} from '../src/index'
import { model } from './state'

export interface ChosenRecipe {
  readonly name: string
  readonly variant: RecipeVariant
}

/** Text of a field that is no value of it, and why. */
interface Mistyped {
  readonly text: string
  readonly message: string
}

/** What the options begin with; null for tabtune's own defaults. */
export const recipe = signal<ChosenRecipe | null>(null)
/** What the visitor set. Those that do not apply at present come back when they do. */
const changes = signal<TrainingOptions>({})
const mistyped = signal<Readonly<Partial<Record<FieldKey, Mistyped>>>>({})

/** The peak learning rate that suits the bundled model, which is far smaller than others; see docs/training.md. */
const BUNDLED_RATE = 1e-3

/** The options without the visitor's. */
const base = computed<TrainingOptions>(() => {
  const { bundled = false, storage = 'f32' } = model.value ?? {}
  const chosen = recipe.value
  const own = chosen
    ? recipeOptions(recipes[chosen.name]!, chosen.variant)
    : bundled
      ? { learningRate: BUNDLED_RATE }
      : {}
  return { ...own, storage }
})

const baseFilled = computed(() => filled(base.value))
const present = computed(() => filled({ ...base.value, ...changes.value }))

/** The values of all fields that apply. */
export const values = computed<FieldValues>(() => present.value.values)

/** What is wrong, by the field that is to be changed. */
export const errors = computed<Readonly<Partial<Record<FieldKey, string>>>>(() => {
  const found: Partial<Record<FieldKey, string>> = {}
  for (const [key, { message }] of Object.entries(mistyped.value))
    if (key in values.value) found[key as FieldKey] = message
  const { error } = completed.value
  if (error) found[(error.key ?? 'method') as FieldKey] ??= error.message
  const { storage = 'f32' } = model.value ?? {}
  if (values.value.trained === 'full' && storage !== 'f32')
    found.trained ??= `The model is loaded as ${storage}, of which nothing can be trained: load it as f32, or train an adapter.`
  if (values.value.storage !== undefined && values.value.storage !== storage)
    found.storage ??= `The model is loaded as ${storage}: load it as ${values.value.storage}, or set this back.`
  return found
})

const completed = computed<{ readonly config?: TrainingConfig; readonly error?: ConfigError }>(() => {
  try {
    return { config: completeConfig(present.value.options) }
  } catch (error) {
    if (error instanceof ConfigError) return { error }
    throw error
  }
})

/** The config that a training would have; null while something is wrong with it. */
export const config = computed<TrainingConfig | null>(() =>
  Object.keys(errors.value).length > 0 ? null : (completed.value.config ?? null),
)

/** Fills in defaults in the table's order, and leaves out what does not apply. */
function filled(options: TrainingOptions): {
  readonly options: TrainingOptions
  readonly values: FieldValues
} {
  const kept: Record<string, FieldValue> = {}
  const all: Record<string, FieldValue> = {}
  for (const [key, field] of fieldEntries) {
    if (!applies(field, all)) continue
    const given: FieldValue | undefined = options[key]
    const fits = given !== undefined && (key !== 'loss' || areFor(options.loss!, all.method as Method))
    if (fits) kept[key] = given
    all[key] = fits ? given : defaultOf(field, all)
  }
  return { options: kept as TrainingOptions, values: all }
}

const areFor = (losses: readonly WeightedLoss[], method: Method): boolean =>
  losses.every(({ name }) => lossesFor(method).includes(name))

/** The losses that a method can have, by name. */
export const lossesFor = (method: Method): readonly string[] =>
  Object.entries(namedLosses).flatMap(([name, { methods }]) =>
    (methods as readonly Method[]).includes(method) ? [name] : [],
  )

/** Sets a field; the others stay as far as they still apply. */
export function setField(key: FieldKey, value: FieldValue): void {
  forgetTyped(key)
  changes.value = { ...changes.value, [key]: value }
}

/** Sets a field to what was typed, or notes what is wrong with it. An empty one is none, or else as it was. */
export function typeField(key: FieldKey, text: string): void {
  const field = fieldOf(key)
  if (text.trim() === '' && field.none === undefined) {
    resetField(key)
    return
  }
  try {
    setField(key, fieldFromText(key, field, text.trim() === '' ? 'none' : text))
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    mistyped.value = { ...mistyped.value, [key]: { text, message: error.message } }
  }
}

/** What stands in a field, also if it is no value of it. */
export const typedText = (key: FieldKey): string => {
  const wrong = mistyped.value[key]
  if (wrong) return wrong.text
  const value = values.value[key] ?? null
  return value === null ? '' : fieldText(value)
}

/** Takes the visitor's value away. */
export function resetField(key: FieldKey): void {
  forgetTyped(key)
  const { [key]: _, ...others } = changes.value
  changes.value = others
}

function forgetTyped(key: FieldKey): void {
  const { [key]: _, ...others } = mistyped.value
  mistyped.value = others
}

/** What a field had before the visitor set it otherwise; undefined where it is as it was. */
export function valueBefore(key: FieldKey): FieldValue | undefined {
  if (!(key in changes.value)) return undefined
  const before = baseFilled.value.values[key]
  return JSON.stringify(before) === JSON.stringify(values.value[key]) ? undefined : before
}

/** Begins with a recipe, or with tabtune's defaults. What was set before is gone. */
export function chooseRecipe(chosen: ChosenRecipe | null): void {
  mistyped.value = {}
  changes.value = {}
  recipe.value = chosen
}

/**
 * Takes a config as a file has it.
 *
 * @throws {ConfigError} saying what is wrong with it; nothing changes then
 */
export function importConfig(json: unknown): void {
  const read = parseTrainingConfig(json)
  chooseRecipe(null)
  changes.value = read
}
