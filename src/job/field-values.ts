import { ConfigError, nearestName } from './config-error'
import { lossNamed } from './loss-fields'
import { type Method, namedLosses } from './named-losses'
import type { FieldValue, NumberField, TrainingField, WeightedLoss } from './training-field'

/**
 * A value as the field holds it: losses written as text are taken apart and called by the library's names.
 *
 * @throws {ConfigError} saying what was expected of `key`
 */
export function fieldValue(key: string, field: TrainingField, value: unknown): FieldValue {
  if (value === null && field.none !== undefined) return null
  const wrong = (): never => {
    throw new ConfigError(`${key} is ${JSON.stringify(value)}, expected ${expectedOf(field)}`, key)
  }
  switch (field.kind) {
    case 'number':
    case 'integer':
      return typeof value === 'number' && inRange(field, value) ? value : wrong()
    case 'choice':
      if (typeof value === 'string' && Object.hasOwn(field.choices, value)) return value
      return wrong()
    case 'flag':
      return typeof value === 'boolean' ? value : wrong()
    case 'text':
      return typeof value === 'string' && value.trim() !== '' ? value : wrong()
    case 'list':
      return isList(value) ? value : wrong()
    case 'losses':
      return weightedLosses(key, value)
  }
}

/**
 * A value as it was typed, for a flag of the command or an input of the page.
 *
 * @throws {ConfigError} saying what was expected of `key`
 */
export function fieldFromText(key: string, field: TrainingField, text: string): FieldValue {
  const typed = text.trim()
  if (typed === 'none' && field.none !== undefined) return null
  const wrong = (): never => {
    throw new ConfigError(`${key} is '${text}', expected ${expectedOf(field)}`, key)
  }
  switch (field.kind) {
    case 'number':
    case 'integer': {
      const value = typed === '' ? Number.NaN : Number(typed)
      return inRange(field, value) ? value : wrong()
    }
    case 'flag':
      return typed === 'true' || typed === 'false' ? typed === 'true' : wrong()
    case 'choice':
      return Object.hasOwn(field.choices, typed) ? typed : wrong()
    case 'list': {
      const names = typed.split(',').map(one => one.trim())
      return isList(names) ? names : wrong()
    }
    default:
      return fieldValue(key, field, typed)
  }
}

/** A value as `fieldFromText` reads it. */
export function fieldText(value: FieldValue): string {
  if (value === null) return 'none'
  if (typeof value === 'number' && value > 0 && value < 1e-3) return value.toExponential()
  if (!Array.isArray(value)) return String(value)
  return value
    .map(entry => {
      if (typeof entry === 'string') return entry
      return entry.weight === 1 ? entry.name : `${entry.name}:${entry.weight}`
    })
    .join(',')
}

/** What a field takes, for errors and for people: `a number above 0`. */
export function expectedOf(field: TrainingField): string {
  const none = field.none === undefined ? '' : `, or none for ${field.none}`
  switch (field.kind) {
    case 'number':
    case 'integer':
      return `${field.kind === 'integer' ? 'a whole number' : 'a number'}${rangeOf(field)}${none}`
    case 'choice':
      return `one of ${Object.keys(field.choices).join(', ')}${none}`
    case 'flag':
      return 'true or false'
    case 'text':
      return `a name${none}`
    case 'list':
      return `names, with commas between them${none}`
    case 'losses':
      return 'a loss, or several such as dpo:0.8,sft:0.2'
  }
}

function rangeOf({ min, max, above, below }: NumberField): string {
  const low = above !== undefined ? `above ${above}` : min !== undefined ? `at least ${min}` : ''
  const high = below !== undefined ? `below ${below}` : max !== undefined ? `at most ${max}` : ''
  const both = [low, high].filter(one => one !== '').join(' and ')
  return both === '' ? '' : ` ${both}`
}

const inRange = ({ kind, min, max, above, below }: NumberField, value: number): boolean =>
  Number.isFinite(value) &&
  (kind === 'number' || Number.isSafeInteger(value)) &&
  value >= (min ?? value) &&
  value <= (max ?? value) &&
  (above === undefined || value > above) &&
  (below === undefined || value < below)

const isList = (value: unknown): value is readonly string[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every(one => typeof one === 'string' && /^[^\s,]+$/.test(one) && one !== 'none')

/** `"dpo"`, `"dpo:0.8,sft:0.2"`, or a list of such texts or of objects with a name and a weight. */
function weightedLosses(key: string, value: unknown): readonly WeightedLoss[] {
  const entries = typeof value === 'string' ? value.split(',') : value
  if (!Array.isArray(entries) || entries.length === 0)
    throw new ConfigError(
      `${key} is ${JSON.stringify(value)}, expected a loss, or several such as dpo:0.8,sft:0.2`,
      key,
    )
  const losses = entries.map(entry =>
    typeof entry === 'string' ? lossOfText(key, entry) : lossOf(key, entry),
  )
  const twice = losses.find(({ name }, i) => losses.some((other, k) => k < i && other.name === name))
  if (twice) throw new ConfigError(`${key} names ${twice.name} twice; give it one weight`, key)
  return losses
}

function lossOfText(key: string, text: string): WeightedLoss {
  const [name = '', weight, ...more] = text.split(':')
  if (more.length > 0)
    throw new ConfigError(`${key} has '${text}', expected a name and a weight such as sft:0.2`, key)
  return lossOf(key, {
    name: name.trim(),
    weight: weight === undefined ? 1 : weight.trim() === '' ? Number.NaN : Number(weight),
  })
}

function lossOf(key: string, entry: unknown): WeightedLoss {
  const {
    name,
    weight = 1,
    ...more
  } = (typeof entry === 'object' && entry !== null ? entry : {}) as {
    name?: unknown
    weight?: unknown
  }
  const [unknown] = Object.keys(more)
  if (unknown !== undefined)
    throw new ConfigError(`${key} has an entry with ${unknown}, expected a name and a weight`, key)
  const known = typeof name === 'string' ? lossNamed(name) : undefined
  if (known === undefined) {
    const near = typeof name === 'string' ? nearestName(name, Object.keys(namedLosses)) : undefined
    const which =
      near === undefined ? `expected one of ${Object.keys(namedLosses).join(', ')}` : `did you mean ${near}?`
    throw new ConfigError(`${key} has ${JSON.stringify(name ?? entry)}, which is no loss; ${which}`, key)
  }
  if (typeof weight !== 'number' || !Number.isFinite(weight) || weight <= 0)
    throw new ConfigError(
      `${key}: the weight of ${known} is ${String(weight)}, expected a number above 0`,
      key,
    )
  return { name: known, weight }
}

/** @throws {ConfigError} if a loss is not for the method */
export function checkLosses(losses: readonly WeightedLoss[], method: Method): void {
  const foreign = losses.find(({ name }) => !methodsOf(name).includes(method))
  if (!foreign) return
  const known = Object.keys(namedLosses).filter(name => methodsOf(name).includes(method))
  throw new ConfigError(
    `loss is ${foreign.name}, which is for the method ${methodsOf(foreign.name).join(' or ')} and not for ${method}; expected ${known.join(', ')}`,
    'loss',
  )
}

const methodsOf = (name: string): readonly Method[] => namedLosses[name as keyof typeof namedLosses].methods
