import {
  completeConfig,
  defaultJobOptions,
  type FieldKey,
  type JobOptions,
  type TrainingConfig,
  type TrainingOptions,
} from '../index'
import { type ModelArguments, modelSpec, modelUsage, readTrainedModel } from './model-arguments'
import { flag, Given, type OptionSpec, text, UsageError } from './options'
import { layered, lossUsage, orUsage, readTrainingOptions, trainingFlags } from './training-arguments'

export interface RunArguments {
  readonly rows: string | null
  readonly pairs: string | null
  readonly out: string
  readonly model: ModelArguments
  readonly options: JobOptions
  readonly config: TrainingConfig
}

/** What other commands are for: other methods and models, runs that are kept, and what they need. */
const elsewhere: readonly FieldKey[] = [
  ...([
    'method',
    'grade',
    'gradeColumn',
    'trained',
    'trainEmbedding',
    'train',
    'packing',
    'neftune',
  ] as const),
  ...(['desirableWeight', 'undesirableWeight', 'iterative', 'rounds', 'answers', 'samples'] as const),
  ...(['temperature', 'answerTokens', 'referenceModel', 'syncSteps', 'syncAlpha'] as const),
  ...(['checkpointSteps', 'checkpointSeconds', 'evalSteps', 'evalAnswers', 'evalTokens'] as const),
]

const training = trainingFlags(key => !elsewhere.includes(key))

/** The rate suits a model as small as the bundled one; see docs/training.md. Everything is trained on. */
const usual: TrainingOptions = { method: 'preference', learningRate: 1e-3, evalSplit: 0, evalAnswers: 0 }

const d = defaultJobOptions

export const runUsage = `Usage: tabtune run --rows FILE --pairs FILE --out DIR [options]

Selects rows, trains an adapter on pairs, and writes the results to a folder. tabtune train has more kinds of training,
and goes on with runs that were ended.

  --rows FILE            instruction rows to select from: JSON or JSONL; alpaca, sharegpt or messages
  --pairs FILE           preference pairs to train on: JSON or JSONL
  --out DIR              where the results go; made if it is not there
${modelUsage}  --budget N             rows to keep at most (default: a tenth, no more than 6000)
  --threshold T          cosine above which a row repeats a kept one (default: ${d.threshold})
  --help
${training.usage(usual)}
Losses, by the name that --loss takes. Those on pairs compare the chosen answer with the rejected one.
${lossUsage('preference')}
At least one of --rows and --pairs is needed. Nothing leaves this machine.`

const spec: OptionSpec = {
  ...training.spec,
  ...modelSpec,
  rows: text,
  pairs: text,
  out: text,
  budget: text,
  threshold: text,
  help: flag,
}

/** @throws {UsageError} naming the argument that is wrong */
export function readRunArguments(argv: readonly string[]): RunArguments {
  const given = new Given(spec, argv)
  const [first] = given.operands
  if (first !== undefined) throw new UsageError(`'${first}' is no option of tabtune run`)
  const [rows, pairs, out] = [given.text('rows'), given.text('pairs'), given.text('out')]
  if (out === null) throw new UsageError('--out DIR is missing')
  if (rows === null && pairs === null) {
    throw new UsageError('there is nothing to do: give --rows FILE, --pairs FILE, or both')
  }
  const flags = readTrainingOptions(given)
  if (flags.reference === 'model')
    throw new UsageError('--reference model is for tabtune train, which loads a second model')
  const config = orUsage(() => completeConfig(layered(usual, flags).options))
  return {
    ...{ rows, pairs, out, config },
    model: readTrainedModel(given as Given<typeof modelSpec>, config),
    options: {
      budget: given.count('budget', d.budget, 0),
      threshold: given.within('threshold', d.threshold, -1, 1),
    },
  }
}
