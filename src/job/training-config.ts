import { isFields } from '../data/fields'
import { ConfigError, nearestName } from './config-error'
import { checkCombination } from './config-rules'
import { checkLosses, fieldText, fieldValue } from './field-values'
import type { Method } from './named-losses'
import {
  applies,
  type Condition,
  defaultOf,
  type FieldValue,
  type FieldValues,
  type TrainingField,
  type WeightedLoss,
} from './training-field'
import { type FieldKey, fieldEntries, type TrainingConfig, trainingFields } from './training-fields'

/** Some of a run's options; the others have their defaults. What recipes, config files and flags are. */
export type TrainingOptions = { readonly [K in FieldKey]?: TrainingConfig[K] }

/**
 * Options out of JSON, each checked by itself.
 *
 * @throws {ConfigError} for what is no object, for an unknown key, naming the nearest one, or for a value out of range
 */
export function parseTrainingOptions(json: unknown): TrainingOptions {
  if (!isFields(json)) throw new ConfigError('the config is no JSON object of options')
  const values: Record<string, FieldValue> = {}
  for (const [key, value] of Object.entries(json)) values[key] = fieldValue(key, fieldOf(key), value)
  return values as TrainingOptions
}

/**
 * All of a run's options, with the defaults of those that are left out.
 *
 * @throws {ConfigError} for an option that does not apply beside the others, or options that do not go together
 */
export function completeConfig(options: TrainingOptions): TrainingConfig {
  const { values, unused } = complete(parseTrainingOptions(options) as FieldValues)
  const [first] = unused
  if (first !== undefined) throw new ConfigError(whyUnused(first, values), first)
  checkCombination(values)
  return values
}

/** Options out of JSON, made complete. @throws {ConfigError} */
export const parseTrainingConfig = (json: unknown): TrainingConfig =>
  completeConfig(parseTrainingOptions(json))

/** Options with some of them changed. */
export interface ChangedOptions {
  readonly options: TrainingOptions
  /** Options that were there and do not apply any more, which are left out. */
  readonly left: readonly FieldKey[]
}

/**
 * Options with changes laid over them: those of a recipe with a config file's, and these with flags. Old ones that do
 * not apply beside the changes are left out, and said to be.
 *
 * @throws {ConfigError} if one of the changes does not apply
 */
export function changeOptions(options: TrainingOptions, changes: TrainingOptions): ChangedOptions {
  const merged: Record<string, FieldValue> = { ...(options as FieldValues), ...(changes as FieldValues) }
  const left: FieldKey[] = []
  if (changes.method !== undefined && changes.loss === undefined && options.loss !== undefined) {
    try {
      checkLosses(options.loss, changes.method)
    } catch {
      delete merged.loss
      left.push('loss')
    }
  }
  const { values, unused } = complete(merged)
  for (const key of unused) {
    if (Object.hasOwn(changes, key)) throw new ConfigError(whyUnused(key, values), key)
    delete merged[key]
    left.push(key)
  }
  return { options: merged as TrainingOptions, left }
}

/** The field of a key. @throws {ConfigError} naming the nearest one if there is none */
export function fieldOf(key: string): TrainingField {
  if (Object.hasOwn(trainingFields, key)) return trainingFields[key as FieldKey]
  const near = nearestName(key, Object.keys(trainingFields))
  const hint =
    near === undefined ? `expected one of ${Object.keys(trainingFields).join(', ')}` : `did you mean ${near}?`
  throw new ConfigError(`${key} is no option of a training run; ${hint}`)
}

/** Fills in defaults in the table's order. */
function complete(options: FieldValues): {
  readonly values: TrainingConfig
  readonly unused: readonly FieldKey[]
} {
  const values: Record<string, FieldValue> = {}
  const unused: FieldKey[] = []
  for (const [key, field] of fieldEntries) {
    const given = options[key]
    if (applies(field, values)) values[key] = given ?? (given === null ? null : defaultOf(field, values))
    else if (given !== undefined) unused.push(key)
    if (key === 'loss') checkLosses(values.loss as readonly WeightedLoss[], values.method as Method)
  }
  return { values: values as unknown as TrainingConfig, unused }
}

/** Why an option does not apply: what it would need, and what there is. */
function whyUnused(key: FieldKey, config: TrainingConfig): string {
  const conditions: readonly Condition[] = fieldOf(key).when ?? []
  const values = config as unknown as FieldValues
  const needs = conditions.map(condition =>
    Object.entries(condition)
      .map(([name, wanted]) => `${name} ${orList(wanted)}`)
      .join(' with '),
  )
  const names = [...new Set(conditions.flatMap(condition => Object.keys(condition)))]
  const have = names.map(name => {
    const value = values[name]
    return value === undefined ? `${name} does not apply` : `${name} is ${fieldText(value)}`
  })
  return `${key} does not apply: it is for ${needs.join(', or ')}, and ${have.join(' and ')}`
}

const orList = (names: readonly string[]): string =>
  names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
