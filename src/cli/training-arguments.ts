import { readFileSync } from 'node:fs'
import {
  type Condition,
  ConfigError,
  changeOptions,
  DataError,
  type FieldKey,
  type FieldValue,
  fieldEntries,
  fieldFromText,
  fieldGroups,
  fieldText,
  JobError,
  type Manifest,
  type Method,
  type NamedLoss,
  namedLosses,
  parseTrainingOptions,
  type TrainingConfig,
  type TrainingField,
  type TrainingOptions,
  trainingFields,
} from '../index'
import { flag, type Given, type OptionSpec, text, UsageError } from './options'

/** An option of a run as a flag: `learningRate` is `--learning-rate`. */
export const flagOf = (key: string): string => key.replaceAll(/[A-Z0-9]+/g, part => `-${part.toLowerCase()}`)

/** A flag for each of some options of a training run; a switch can also be turned off. */
const specOf = (keys: readonly FieldKey[]): OptionSpec =>
  Object.fromEntries(
    keys.flatMap((key): [string, OptionSpec[string]][] => {
      const name = flagOf(key)
      const isSwitch = trainingFields[key].kind === 'flag'
      return isSwitch ? [name, `no-${name}`].map(one => [one, flag]) : [[name, text]]
    }),
  )

/** Of models there is a text of its own. */
const elsewhere: readonly FieldKey[] = ['storage', 'template']

/** Flags for those options of a training run that `wanted` names, and a text about them, group by group. */
export const trainingFlags = (wanted: (key: FieldKey) => boolean) => ({
  spec: specOf(fieldEntries.flatMap(([key]) => (wanted(key) ? [key] : []))),
  /** @param usual what is the default here, in place of the table's */
  usage: (usual: TrainingOptions): string =>
    fieldGroups
      .map(({ title, keys }) => {
        const shown = keys.filter(key => wanted(key) && !elsewhere.includes(key))
        if (shown.length === 0) return ''
        return `\n${title}\n${shown.map(key => fieldUsage(key, usual[key])).join('')}`
      })
      .join(''),
})

/**
 * The options of a run that were typed.
 *
 * @throws {UsageError} naming the flag that is wrong
 */
export function readTrainingOptions(given: Given<OptionSpec>): TrainingOptions {
  const options: Record<string, FieldValue> = {}
  for (const [key, field] of fieldEntries) {
    const value = typed(given, key, field)
    if (value !== undefined) options[key] = value
  }
  return options as TrainingOptions
}

function typed(given: Given<OptionSpec>, key: FieldKey, field: TrainingField): FieldValue | undefined {
  const name = flagOf(key)
  if (field.kind === 'flag') {
    const [on, off] = [given.flag(name), given.flag(`no-${name}`)]
    if (on && off) throw new UsageError(`--${name} and --no-${name} are both given`)
    return on ? true : off ? false : undefined
  }
  const value = given.text(name)
  if (value === null) return undefined
  return orUsage(() => fieldFromText(`--${name}`, field, value))
}

/** @throws {UsageError} for a file that is not there, that is no JSON, or that holds no options */
export function readConfigFile(path: string): TrainingOptions {
  let content: string
  try {
    content = readFileSync(path, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new UsageError(`${path}: ${code === 'ENOENT' ? 'there is no such file' : message}`, {
      cause: error,
    })
  }
  try {
    return parseTrainingOptions(JSON.parse(content))
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`, { cause: error })
  }
}

/** Lays options over others, in turn. @throws {UsageError} for one that does not apply */
export function layered(...layers: readonly TrainingOptions[]): {
  readonly options: TrainingOptions
  readonly left: readonly FieldKey[]
} {
  let options: TrainingOptions = {}
  const left: FieldKey[] = []
  for (const layer of layers) {
    const changed = orUsage(() => changeOptions(options, layer))
    options = changed.options
    left.push(...changed.left)
  }
  return { options, left }
}

/** A config as a manifest has it: losses and layers as they are typed. */
export const configOptions = (config: TrainingConfig): Manifest['options'] =>
  Object.fromEntries(
    Object.entries(config).map(([key, value]: [string, FieldValue]) => [
      key,
      typeof value === 'object' && value !== null ? fieldText(value) : value,
    ]),
  )

/** What a config error is on the command line. */
export function orUsage<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new UsageError(error.message, { cause: error })
  }
}

/** Throws an error of a training on: as one of usage, where it is the data that is not fit, or not for the options. */
export function refusedTraining(error: unknown): never {
  const isOfUsage = [ConfigError, JobError, DataError].some(kind => error instanceof kind)
  throw isOfUsage ? new UsageError((error as Error).message, { cause: error }) : error
}

const INDENT = ' '.repeat(25)
const WIDTH = 120

/** A flag with what it does, what it takes and what it is without. */
function fieldUsage(key: FieldKey, usual: FieldValue | undefined): string {
  const field: TrainingField = trainingFields[key]
  const takes = { number: ' X', integer: ' N', choice: ' NAME', text: ' TEXT', list: ' A,B', losses: ' L' }
  const value = usual ?? field.default
  const flagged = `  --${flagOf(key)}${field.kind !== 'flag' ? takes[field.kind] : value ? `, --no-${flagOf(key)}` : ''}`
  const choices = field.kind === 'choice' ? ` One of ${Object.keys(field.choices).join(', ')}.` : ''
  const others = usual === undefined ? (field.defaultWhen ?? []) : []
  const defaults = [
    defaultText(field, value),
    ...others.map(one => `${defaultText(field, one.default)} for ${conditionText(one.when)}`),
  ]
  const [first = '', ...rest] = wrapped(
    `${field.help}${choices} (default: ${defaults.join('; ')})`,
    WIDTH - INDENT.length,
  )
  const begin = flagged.length < INDENT.length ? flagged.padEnd(INDENT.length) : `${flagged}\n${INDENT}`
  return `${[`${begin}${first}`, ...rest.map(line => INDENT + line)].join('\n')}\n`
}

function defaultText({ none = '' }: TrainingField, value: FieldValue): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return value === null ? none : fieldText(value)
}

/** `simpo or cpo`, where it is losses; else `trained full and method sft or scorer`. */
const conditionText = (condition: Condition): string =>
  Object.entries(condition)
    .map(([key, values]) => `${key === 'loss' ? '' : `${flagOf(key)} `}${values.join(' or ')}`)
    .join(' and ')

function wrapped(words: string, width: number): string[] {
  const lines: string[] = ['']
  for (const word of words.split(' ')) {
    const line = lines.at(-1)!
    if (line.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines
}

/** Losses of a method, or all of them, with what each is, for `--help`. */
export const lossUsage = (method?: Method): string =>
  Object.entries<NamedLoss>(namedLosses)
    .filter(([, { methods }]) => method === undefined || methods.includes(method))
    .map(([name, { summary }]) => `  ${name.padEnd(20)} ${summary}\n`)
    .join('')
