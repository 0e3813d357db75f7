import { readFileSync } from 'node:fs'
import {
  ConfigError,
  changeOptions,
  type FieldKey,
  type FieldValue,
  fieldEntries,
  fieldFromText,
  fieldGroups,
  fieldText,
  namedLosses,
  parseTrainingOptions,
  type TrainingField,
  type TrainingOptions,
  trainingFields,
} from '../index'
import { flag, type Given, type OptionSpec, text, UsageError } from './options'

/** An option of a run as a flag: `learningRate` is `--learning-rate`. */
export const flagOf = (key: string): string => key.replaceAll(/[A-Z0-9]+/g, part => `-${part.toLowerCase()}`)

/** A flag for each option of a training run; a switch can also be turned off. */
export const trainingSpec: OptionSpec = Object.fromEntries(
  fieldEntries.flatMap(([key, { kind }]): [string, OptionSpec[string]][] => {
    const name = flagOf(key)
    return kind === 'flag' ? [name, `no-${name}`].map(one => [one, flag]) : [[name, text]]
  }),
)

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

/** What a config error is on the command line. */
export function orUsage<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new UsageError(error.message, { cause: error })
  }
}

const INDENT = ' '.repeat(25)
const WIDTH = 120

/** A flag with what it does, what it takes and what it is without. */
function fieldUsage([key, field]: readonly [FieldKey, TrainingField]): string {
  const takes = { number: ' X', integer: ' N', choice: ' NAME', text: ' TEXT', list: ' A,B', losses: ' L' }
  const flagged = `  --${flagOf(key)}${field.kind === 'flag' ? '' : takes[field.kind]}`
  const choices = field.kind === 'choice' ? ` One of ${Object.keys(field.choices).join(', ')}.` : ''
  const usual = field.default === null ? (field.none ?? '') : fieldText(field.default)
  const words = `${field.help}${choices} (default: ${field.kind === 'flag' && !field.default ? 'no' : usual})`
  const lines = wrapped(words, WIDTH - INDENT.length)
  const [first = '', ...rest] = lines
  const begin = flagged.length < INDENT.length ? flagged.padEnd(INDENT.length) : `${flagged}\n${INDENT}`
  return `${[`${begin}${first}`, ...rest.map(line => INDENT + line)].join('\n')}\n`
}

function wrapped(words: string, width: number): string[] {
  const lines: string[] = ['']
  for (const word of words.split(' ')) {
    const line = lines.at(-1)!
    if (line.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines
}

/** Of models there is a text of its own. */
const elsewhere: readonly FieldKey[] = ['storage', 'template']

/** The options of a run, group by group, for `--help`. */
export const trainingUsage: string = fieldGroups
  .map(({ title, keys }) => {
    const shown = keys.filter(key => !elsewhere.includes(key))
    return `\n${title}\n${shown.map(key => fieldUsage([key, trainingFields[key]])).join('')}`
  })
  .join('')

/** Losses with what each is, for `--help`. */
export const lossUsage: string = Object.entries(namedLosses)
  .map(([name, { summary }]) => `  ${name.padEnd(20)} ${summary}\n`)
  .join('')
