import { parseArgs } from 'node:util'
import { defaultJobOptions, type JobOptions, jobLosses } from '../index'

/** A command line that cannot be run; the message says what is wrong in one line. */
export class UsageError extends Error {
  override name = 'UsageError'
}

export interface RunArguments {
  readonly rows: string | null
  readonly pairs: string | null
  readonly out: string
  /** `null` for the bundled model. */
  readonly model: string | null
  readonly options: JobOptions
}

const d = defaultJobOptions

export const USAGE = `tabtune: selects training rows and tunes a small language model on this machine's GPU

Usage: tabtune run --rows FILE --pairs FILE --out DIR [options]

  --rows FILE            instruction rows to select from: JSON or JSONL; alpaca, sharegpt or messages
  --pairs FILE           preference pairs to train on: JSON or JSONL
  --out DIR              where the results go; made if it is not there
  --model DIR            a Hugging Face folder of a Llama model (default: the bundled demonstration model)
  --budget N             rows to keep at most (default: a tenth, no more than 6000)
  --threshold T          cosine above which a row repeats a kept one (default: ${d.threshold})
  --loss NAME            ${Object.keys(jobLosses).join(' or ')} (default: ${d.loss})
  --beta B               tie to the reference model (default: ${d.beta})
  --rank R               rank of the adapter (default: ${d.rank})
  --learning-rate LR     peak (default: ${d.learningRate})
  --epochs N             passes over the pairs (default: ${d.epochs})
  --steps N              optimizer steps at most (default: all of the epochs)
  --batch-size N         pairs of one forward and backward pass (default: ${d.batchSize})
  --accumulation N       passes of one optimizer step (default: ${d.accumulation})
  --warmup-ratio W       share of the steps over which the learning rate rises (default: ${d.warmupRatio})
  --max-length N         tokens of a prompt with its answer (default: ${d.maxLength})
  --seed S               (default: ${d.seed})
  --help, --version

At least one of --rows and --pairs is needed. Nothing leaves this machine.`

const text = { type: 'string' } as const
const spec = {
  rows: text,
  pairs: text,
  out: text,
  model: text,
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
  'warmup-ratio': text,
  'max-length': text,
  seed: text,
  help: { type: 'boolean' },
  version: { type: 'boolean' },
} as const

export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'run'; readonly run: RunArguments }

/** @throws {UsageError} naming the argument that is wrong */
export function parseCommand(argv: readonly string[]): Command {
  const { values, positionals } = parse(argv)
  if (values.version) return { kind: 'version' }
  if (values.help || (positionals.length === 0 && argv.length === 0)) return { kind: 'help' }
  if (positionals.length === 0) throw new UsageError('there is no command, expected: tabtune run')
  if (positionals.length !== 1 || positionals[0] !== 'run') {
    throw new UsageError(`unknown command '${positionals.join(' ')}', expected: tabtune run`)
  }
  if (values.out === undefined) throw new UsageError('--out DIR is missing')
  if (values.rows === undefined && values.pairs === undefined) {
    throw new UsageError('there is nothing to do: give --rows FILE, --pairs FILE, or both')
  }
  const number = (name: keyof typeof spec, fallback: number, wanted: string, ok: (n: number) => boolean) => {
    const given = values[name]
    if (given === undefined) return fallback
    const value = Number(given)
    if (String(given).trim() === '' || !ok(value))
      throw new UsageError(`--${name} is '${given}', expected ${wanted}`)
    return value
  }
  const count = (name: keyof typeof spec, fallback: number, least = 1) =>
    number(name, fallback, `a whole number, at least ${least}`, n => Number.isSafeInteger(n) && n >= least)
  const positive = (name: keyof typeof spec, fallback: number) =>
    number(name, fallback, 'a positive number', n => n > 0 && Number.isFinite(n))
  const within = (name: keyof typeof spec, fallback: number, low: number, high: number) =>
    number(name, fallback, `a number from ${low} to ${high}`, n => n >= low && n <= high)
  const loss = values.loss ?? d.loss
  if (!Object.hasOwn(jobLosses, loss)) {
    throw new UsageError(`--loss is '${loss}', expected one of ${Object.keys(jobLosses).join(', ')}`)
  }
  return {
    kind: 'run',
    run: {
      rows: values.rows ?? null,
      pairs: values.pairs ?? null,
      out: values.out,
      model: values.model ?? null,
      options: {
        budget: values.budget === undefined ? d.budget : count('budget', 0, 0),
        threshold: within('threshold', d.threshold, -1, 1),
        loss,
        beta: positive('beta', d.beta),
        rank: count('rank', d.rank),
        learningRate: positive('learning-rate', d.learningRate),
        epochs: count('epochs', d.epochs),
        steps: values.steps === undefined ? d.steps : count('steps', 1),
        batchSize: count('batch-size', d.batchSize),
        accumulation: count('accumulation', d.accumulation),
        warmupRatio: within('warmup-ratio', d.warmupRatio, 0, 1),
        maxLength: count('max-length', d.maxLength, 2),
        seed: count('seed', d.seed, 0),
      },
    },
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: spec, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError((error as Error).message.split('\n')[0]!, { cause: error })
  }
}
