import {
  completeConfig,
  dataOf,
  type Method,
  parseTrainingOptions,
  type TrainingConfig,
  type TrainingData,
} from '../index'
import {
  type ModelArguments,
  modelSpec,
  modelUsage,
  readModelArguments,
  readTrainedModel,
} from './model-arguments'
import { flag, Given, text, UsageError } from './options'
import { judgeUsage, scorers } from './scorers'
import { orUsage, readConfigFile } from './training-arguments'
import { summaries } from './usage'

export interface EvalArguments {
  readonly adapter: string | null
  /** Another model, which the first is compared with. */
  readonly against: ModelArguments | null
  /** Examples that a loss is taken of, and prompts that are answered. */
  readonly data: { readonly path: string; readonly kind: TrainingData['kind'] } | null
  readonly text: string | null
  readonly choices: string | null
  readonly shots: number
  readonly examples: string | null
  /** Of the training whose loss, template and lengths count; for `data`. */
  readonly config: TrainingConfig
  /** Most examples. */
  readonly limit: number
  /** Prompts that are answered. */
  readonly answers: number
  readonly maxTokens: number
  /** Name of the scorer that judges the answers. */
  readonly judge: string | null
  readonly json: boolean
  readonly report: string | null
  readonly model: ModelArguments
}

export const evalUsage = `Usage: tabtune eval [options]

Measures a model, and beside it the same with an adapter, or another model.

  --adapter DIR          a PEFT folder, such as tabtune train writes
  --against MODEL        a model to compare with, such as the one that --model was before all its weights were trained;
                         for examples with the same tokenizer
  --pairs FILE           loss, reward accuracy and margin, log-probs and lengths of preference pairs; rewards compare
                         with the model without the adapter, or with the one that --against names
  --rows FILE            loss and perplexity of the answers of conversations
  --labelled FILE        loss and rewards of answers that are labelled good or bad
  --config FILE          the options of a training, such as its training.json: loss, template, lengths, storage
  --limit N              pairs, rows or answers at most (default: all)
  --answers N            prompts of them that are answered, to compare lengths (default: 0)
  --max-tokens N         tokens of an answer at most (default: 256)
  --judge NAME           how often the answers with the adapter, or of --model, beat the others, by a scorer;
                         ${judgeUsage}
${summaries(scorers)}  --text FILE            perplexity of a text, also by word, byte and in bits
  --choices FILE         multiple-choice accuracy by log-likelihood: PiQA, MMLU, TruthfulQA and others, in the shapes
                         that lm-evaluation-harness reads, with its acc and acc_norm
  --shots N              solved questions before each one (default: 0)
  --examples FILE        where they come from
  --json                 everything as JSON
  --report FILE          a page of HTML with the comparison
${modelUsage}  --help`

const dataFlags: Readonly<Record<TrainingData['kind'], Method>> = {
  pairs: 'preference',
  rows: 'sft',
  labelled: 'labelled',
}

const spec = {
  ...modelSpec,
  adapter: text,
  against: text,
  pairs: text,
  rows: text,
  labelled: text,
  config: text,
  limit: text,
  answers: text,
  'max-tokens': text,
  judge: text,
  text,
  choices: text,
  shots: text,
  examples: text,
  json: flag,
  report: text,
  help: flag,
} as const

/** @throws {UsageError} naming the argument that is wrong */
export function readEvalArguments(argv: readonly string[]): EvalArguments {
  const given = new Given(spec, argv)
  const [first] = given.operands
  if (first !== undefined) throw new UsageError(`'${first}' is no option of tabtune eval`)
  const data = dataFile(given)
  const [plain, choices] = [given.text('text'), given.text('choices')]
  const [adapter, against] = [given.text('adapter'), given.text('against')]
  if (adapter !== null && against !== null)
    throw new UsageError('--against is one too many beside --adapter: measure one, then the other')
  if (!data && plain === null && choices === null)
    throw new UsageError('there is nothing to measure: give --pairs, --rows, --labelled, --text or --choices')
  const answers = given.count('answers', 0, 0)
  const needs = (name: keyof typeof spec & string, holds: boolean, what: string) => {
    if (given.has(name) && !holds) throw new UsageError(`--${name} is of no use without ${what}`)
  }
  for (const name of ['config', 'limit', 'answers'] as const)
    needs(name, data !== null, '--pairs, --rows or --labelled')
  needs('max-tokens', answers > 0, '--answers')
  needs('judge', answers > 0 && (adapter ?? against) !== null, '--answers, and --adapter or --against')
  for (const name of ['shots', 'examples'] as const) needs(name, choices !== null, '--choices')
  needs('examples', given.count('shots', 0, 0) > 0, '--shots')
  const typed = readModelArguments(given)
  const config = data ? configOf(given, data.kind) : completeConfig({})
  const trained = data ? readTrainedModel(given, config) : typed
  const model = given.has('storage') ? { ...trained, storage: typed.storage } : trained
  return {
    ...{ adapter, data, text: plain, choices, answers },
    shots: given.count('shots', 0, 0),
    examples: given.text('examples'),
    against: against === null ? null : besides(model, against),
    config,
    limit: given.count('limit', Infinity),
    maxTokens: given.count('max-tokens', 256),
    judge: given.has('judge') ? given.name('judge', '', scorers) : null,
    json: given.flag('json'),
    report: given.text('report'),
    model,
  }
}

/** Another model that is used in the same way; its revision stands in its name. */
function besides(model: ModelArguments, source: string): ModelArguments {
  const { revision: _, ...opening } = model.opening
  return { ...model, source, opening, hubOptions: model.hubOptions.filter(name => name !== 'revision') }
}

/** Options of the training that counts: the file's with the flags over them. @throws {UsageError} */
function configOf(given: Given<typeof spec>, kind: TrainingData['kind']): TrainingConfig {
  const file = given.text('config')
  const { method = dataFlags[kind], ...options } = file === null ? {} : readConfigFile(file)
  if (dataOf[method] !== kind)
    throw new UsageError(
      `${file}: its method ${method} learns from ${dataOf[method]}, and --${kind} has ${kind}; give --${dataOf[method]}, or no --config`,
    )
  const template = given.has('template') ? parseTrainingOptions({ template: given.text('template') }) : {}
  return orUsage(() => completeConfig({ ...options, method, ...template }))
}

function dataFile(given: Given<typeof spec>): EvalArguments['data'] {
  const kinds = Object.keys(dataFlags) as TrainingData['kind'][]
  const files = kinds.flatMap(kind => {
    const path = given.text(kind)
    return path === null ? [] : [{ path, kind }]
  })
  const [only, second] = files
  if (second) throw new UsageError(`--${second.kind} is one too many beside --${only!.kind}`)
  return only ?? null
}
