import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  completeConfig,
  dataOf,
  type FieldKey,
  type Method,
  type RecipeVariant,
  recipeOptions,
  recipes,
  type TrainingConfig,
  type TrainingData,
  type TrainingOptions,
} from '../index'
import { type BegunRun, checkJudge, missingFlags, readBegun } from './begun-run'
import { type ModelArguments, modelSpec, modelUsage, readTrainedModel } from './model-arguments'
import { flag, Given, type OptionSpec, text, UsageError } from './options'
import { CONFIG_FILE } from './run-folder'
import { judgeUsage, scorers } from './scorers'
import {
  layered,
  lossUsage,
  orUsage,
  readConfigFile,
  readTrainingOptions,
  trainingFlags,
} from './training-arguments'
import { summaries } from './usage'

export interface TrainArguments {
  readonly data: { readonly path: string; readonly kind: TrainingData['kind'] }
  readonly out: string
  readonly resume: boolean
  /** What the run that goes on was begun with, where its folder says so. */
  readonly begun: BegunRun | null
  /** A PEFT folder to go on from. */
  readonly adapter: string | null
  /** Name of the scorer that ranks sampled answers. */
  readonly judge: string
  readonly recipe: { readonly name: string; readonly variant: RecipeVariant } | null
  readonly model: ModelArguments
  readonly config: TrainingConfig
  /** Options of the recipe or the file that do not apply beside the flags. */
  readonly left: readonly FieldKey[]
}

const dataFlags = { rows: 'rows', pairs: 'pairs', labelled: 'labelled' } as const
const DATA_FLAGS = ['data', ...Object.keys(dataFlags)]
const methodOf: Readonly<Record<TrainingData['kind'], Method>> = {
  rows: 'sft',
  pairs: 'preference',
  labelled: 'labelled',
}

const training = trainingFlags(() => true)

export const trainUsage = `Usage: tabtune train --recipe NAME --data FILE --out DIR [options]

Trains a model on rows, pairs or labelled answers, and writes to DIR: the adapter, or the model; ${CONFIG_FILE}, the options
as they were, for --config; metrics.jsonl; report.html; checkpoints; manifest.json. A run that was ended, however it
ended, goes on with --resume where its last checkpoint is, and gives the bytes of one that was left alone.

  --data FILE            what to learn from, as the method says; or, to say which it is:
  --rows FILE, --pairs FILE, --labelled FILE
                         conversations, preference pairs, answers that are labelled good or bad
  --out DIR              where the results go; made if it is not there
  --recipe NAME          options of a known training; tabtune recipes lists them
  --scaled, --published  for a small model and an adapter, or as published (default: --scaled)
  --config FILE          options as JSON, over those of the recipe; flags are over both
  --resume               goes on with the run in DIR, with its data, model and adapter; without other options, with
                         its own
  --adapter DIR          a PEFT folder to go on from, in place of a fresh adapter
  --judge NAME           ranks the answers that rounds sample; ${judgeUsage} (default: deita)
${summaries(scorers)}${modelUsage}  --help
${training.usage({})}
Losses, by the name that --loss takes. Those on pairs compare the chosen answer with the rejected one.
${lossUsage()}
A value of none is no value; --no-NAME turns off a switch NAME that the recipe or the file turns on. An option that does not apply beside the others is refused.`

const spec: OptionSpec = {
  ...training.spec,
  ...modelSpec,
  data: text,
  ...Object.fromEntries(Object.keys(dataFlags).map(name => [name, text])),
  out: text,
  recipe: text,
  scaled: flag,
  published: flag,
  config: text,
  resume: flag,
  adapter: text,
  judge: text,
  help: flag,
}

/** @throws {UsageError} naming the argument that is wrong */
export function readTrainArguments(argv: readonly string[]): TrainArguments {
  const typed = new Given(spec, argv)
  const [first] = typed.operands
  if (first !== undefined) throw new UsageError(`'${first}' is no option of tabtune train`)
  const out = typed.text('out')
  if (out === null) throw new UsageError('--out DIR is missing')
  const resume = typed.flag('resume')
  const begun = resume ? readBegun(out) : null
  const given = begun
    ? new Given(spec, [...argv, ...missingFlags(begun, out, name => typed.text(name), DATA_FLAGS)])
    : typed
  const recipe = recipeOf(given)
  const file = given.text('config')
  const flags = readTrainingOptions(given)
  const data = dataFile(given)
  const own = join(out, CONFIG_FILE)
  const asBefore = resume && recipe === null && file === null && existsSync(own)
  const layers = [
    ...(asBefore ? [readConfigFile(own)] : []),
    ...(recipe ? [recipeOptions(recipes[recipe.name]!, recipe.variant)] : []),
    ...(file === null ? [] : [readConfigFile(file)]),
  ]
  const isSaid = [...layers, flags].some(({ method }) => method !== undefined)
  const implied: TrainingOptions = isSaid || data.kind === null ? {} : { method: methodOf[data.kind] }
  const { options, left } = layered(...layers, implied, flags)
  const config = orUsage(() => completeConfig(options))
  const kind = dataOf[config.method]
  if (data.kind !== null && data.kind !== kind)
    throw new UsageError(
      `the method ${config.method} learns from ${kind}: give --${kind} FILE, not --${data.kind}`,
    )
  return {
    data: { path: data.path, kind },
    ...{ out, resume, begun, config, left },
    recipe: recipe ?? begun?.recipe ?? null,
    adapter: given.text('adapter'),
    judge: judgeOf(given, config, begun, out),
    model: readTrainedModel(given as Given<typeof modelSpec>, config),
  }
}

function judgeOf(
  given: Given<OptionSpec>,
  { answers }: TrainingConfig,
  begun: BegunRun | null,
  out: string,
): string {
  const name = given.name('judge', begun?.judge ?? 'deita', scorers)
  if (given.has('judge') && answers !== 'sampled')
    throw new UsageError(
      '--judge is of no use without rounds that sample answers: --iterative --answers sampled',
    )
  if (begun && given.has('judge')) checkJudge(out, begun, name)
  return name
}

function recipeOf(given: Given<OptionSpec>): TrainArguments['recipe'] {
  const [published, scaled] = [given.flag('published'), given.flag('scaled')]
  if (published && scaled) throw new UsageError('--published and --scaled are both given')
  if (!given.has('recipe')) {
    if (published || scaled)
      throw new UsageError(`--${published ? 'published' : 'scaled'} is of no use without --recipe`)
    return null
  }
  return { name: given.name('recipe', '', recipes), variant: published ? 'published' : 'scaled' }
}

function dataFile(given: Given<OptionSpec>): {
  readonly path: string
  readonly kind: TrainingData['kind'] | null
} {
  const kinds = [null, ...Object.values(dataFlags)]
  const files = kinds.flatMap(kind => {
    const path = given.text(kind ?? 'data')
    return path === null ? [] : [{ path, kind }]
  })
  const [only, second] = files
  if (!only) throw new UsageError('there is nothing to learn from: give --data FILE')
  if (second) throw new UsageError(`--${second.kind} is one too many beside --${only.kind ?? 'data'}`)
  return only
}
