import { defaultJobOptions, type JobOptions, jobLosses } from '../index'
import { type ModelArguments, modelSpec, modelUsage, readModelArguments } from './model-arguments'
import { flag, Given, text, UsageError } from './options'

export interface RunArguments {
  readonly rows: string | null
  readonly pairs: string | null
  readonly out: string
  readonly model: ModelArguments
  readonly options: JobOptions
}

const d = defaultJobOptions

export const runUsage = `Usage: tabtune run --rows FILE --pairs FILE --out DIR [options]

Selects rows, trains on pairs, and writes the results to a folder.

  --rows FILE            instruction rows to select from: JSON or JSONL; alpaca, sharegpt or messages
  --pairs FILE           preference pairs to train on: JSON or JSONL
  --out DIR              where the results go; made if it is not there
${modelUsage}  --budget N             rows to keep at most (default: a tenth, no more than 6000)
  --threshold T          cosine above which a row repeats a kept one (default: ${d.threshold})
  --loss NAME            ${Object.keys(jobLosses).join(' or ')} (default: ${d.loss})
  --beta B               tie to the reference model (default: ${d.beta})
  --rank R               rank of the adapter (default: ${d.rank})
  --learning-rate LR     peak (default: ${d.learningRate})
  --epochs N             passes over the pairs (default: ${d.epochs})
  --steps N              optimizer steps at most (default: all of the epochs)
  --batch-size N         pairs of one forward and backward pass (default: ${d.batchSize})
  --accumulation N       passes of one optimizer step (default: ${d.accumulation})
  --recompute            computes layers again in the backward pass: a third more work, much less memory
  --warmup-ratio W       share of the steps over which the learning rate rises (default: ${d.warmupRatio})
  --max-length N         tokens of a prompt with its answer (default: ${d.maxLength})
  --seed S               (default: ${d.seed})
  --help

At least one of --rows and --pairs is needed. Nothing leaves this machine.`

const spec = {
  rows: text,
  pairs: text,
  out: text,
  ...modelSpec,
  budget: text,
  threshold: text,
  loss: text,
  beta: text,
  rank: text,
  'learning-rate': text,
  epochs: text,
  steps: text,
  'batch-size': text,
  accumulation: text,
  recompute: flag,
  'warmup-ratio': text,
  'max-length': text,
  seed: text,
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
  const losses = Object.fromEntries(Object.keys(jobLosses).map(name => [name, name]))
  return {
    rows,
    pairs,
    out,
    model: readModelArguments(given),
    options: {
      budget: given.count('budget', d.budget, 0),
      threshold: given.within('threshold', d.threshold, -1, 1),
      loss: given.choice('loss', d.loss, losses),
      beta: given.positive('beta', d.beta),
      rank: given.count('rank', d.rank),
      learningRate: given.positive('learning-rate', d.learningRate),
      epochs: given.count('epochs', d.epochs),
      steps: given.count('steps', d.steps),
      batchSize: given.count('batch-size', d.batchSize),
      accumulation: given.count('accumulation', d.accumulation),
      recompute: given.flag('recompute'),
      warmupRatio: given.within('warmup-ratio', d.warmupRatio, 0, 1),
      maxLength: given.count('max-length', d.maxLength, 2),
      seed: given.count('seed', d.seed, 0),
    },
  }
}
