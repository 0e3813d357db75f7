import {
  BUDGET_FORMS,
  type Budget,
  type Combine,
  geometricMean,
  last,
  type Metric,
  max,
  mean,
  parseBudget,
  product,
  type Reduce,
  type RowFormat,
  SelectionError,
  sum,
  type WriteOptions,
  weightedSum,
} from '../index'
import { containers, formats, readingSpec, readingUsage, readReading } from './column-arguments'
import { embedders } from './embedders'
import { type ModelArguments, modelSpec, modelUsage, readModelArguments } from './model-arguments'
import { flag, Given, text, UsageError } from './options'
import { scorers } from './scorers'
import {
  metrics,
  type NamedStrategy,
  type StrategyOption,
  type StrategyOptions,
  strategies,
} from './strategies'
import { summaries } from './usage'

const strategySpec = {
  threshold: text,
  metric: text,
  compat: flag,
  seed: text,
  order: text,
  'min-tokens': text,
  'max-tokens': text,
  low: text,
  high: text,
  limit: text,
  lambda: text,
  quality: text,
  epsilon: text,
  target: text,
} satisfies Record<StrategyOption, typeof text | typeof flag>

const spec = {
  ...readingSpec,
  ...strategySpec,
  out: text,
  'out-container': text,
  'out-format': text,
  gzip: flag,
  strategy: text,
  budget: text,
  scorer: text,
  keys: text,
  combine: text,
  reduce: text,
  embedder: text,
  source: text,
  ...modelSpec,
  help: flag,
}

export const selectUsage = `Usage: tabtune select INPUT|- … [options]

Keeps the rows that are worth training on, and says of every row why. Several INPUTs are parts of one file that were
scored apart, in any order, or files that are taken together. Scores and vectors are read from the rows' columns
where they have them, such as score and embed write them, and computed where they have not.

  --out DIR|-            where the results go; - for the kept rows alone, on standard output (default: -)
  --out-container NAME, --out-format NAME, --gzip
                         how the kept rows are written (default: as they came)
  --strategy NAME        (default: deita)
${summaries(strategies)}  --budget B             ${BUDGET_FORMS}
                         (default: a tenth, no more than 6000; all for strategies that only drop)
  --threshold T          similarity above which a row repeats a kept one (default: 0.9)
  --metric NAME          ${Object.keys(metrics).join(', ')} (default: cosine)
  --compat               decide as Deita's own code does
  --seed S               of strategies that draw (default: 0)
  --order NAME           longest or shortest first (default: longest)
  --min-tokens N, --max-tokens N
                         lengths that take part
  --low P, --high P      percentiles of the band (default: 25, 75)
  --limit L              IFD from which on a row is left out (default: 1)
  --lambda L             weight of the score against the distance, 0 to 1 (default: 0.5)
  --quality A            weight of the score against what a row stands for, 0 to 1 (default: 0)
  --epsilon E            how much of the best sum may be missed to be faster; 0 looks at all rows (default: 0.1)
  --target FILE          rows like those that are wanted
  --scorer NAME          compute these scores, whatever the columns say
${summaries(scorers)}  --keys A,B             scores that count (default: those of the strategy)
  --combine NAME         makes one number of an exchange's scores: product, geometric-mean, rank, or weights such as
                         complexity=1,quality=2 (default: product)
  --reduce NAME          makes one number of a row's exchanges: sum, mean, max or last
                         (default: sum; the mean of IFDs and perplexities)
  --embedder NAME        compute these vectors, whatever the columns say (default: hashed-ngrams)
${summaries(embedders)}  --source FIELD         field that says where a row comes from
${modelUsage}${readingUsage}  --help`

export interface SelectArguments {
  readonly inputs: readonly string[]
  readonly out: string
  readonly strategyName: string
  readonly strategy: NamedStrategy
  /** Of the strategy, but for those that depend on the rows. */
  readonly options: Omit<StrategyOptions, 'budget' | 'target'>
  /** Null for the usual one. */
  readonly budget: Budget | null
  /** A file. */
  readonly target: string | null
  /** Null to look at the columns first. */
  readonly scorer: string | null
  readonly keys: readonly string[] | null
  /** `rank` for a fusion of the ranks. */
  readonly combine: Combine | 'rank'
  /** Null for the usual one of the scores. */
  readonly reduce: Reduce | null
  /** Null to look at the columns first. */
  readonly embedder: string | null
  readonly source: string | null
  readonly model: ModelArguments
  readonly reading: ReturnType<typeof readReading>
  readonly writing: WriteOptions<RowFormat>
  /** As they were given, for the manifest. */
  readonly typed: Readonly<Record<string, string | number | boolean | null>>
}

const reducers = { sum, mean, max, last }
const combinations = { product, 'geometric-mean': geometricMean, rank: 'rank' } as const
const orders = { longest: 'longest', shortest: 'shortest' } as const

/** @throws {UsageError} naming the argument that is wrong */
export function readSelectArguments(argv: readonly string[]): SelectArguments {
  const given = new Given(spec, argv)
  if (given.operands.length === 0) throw new UsageError('INPUT is missing')
  if (given.operands.filter(path => path === '-').length > 1)
    throw new UsageError('standard input can be read only once')
  const strategyName = given.name('strategy', 'deita', strategies)
  const strategy = strategies[strategyName]!
  for (const name of Object.keys(strategySpec) as StrategyOption[]) {
    if (given.has(name) && !strategy.options.includes(name))
      throw new UsageError(`--${name} is none of the options of the strategy ${strategyName}`)
  }
  const unused = [
    ...(strategy.scores === 'none' ? (['scorer', 'keys', 'combine', 'reduce'] as const) : []),
    ...(strategy.vectors ? [] : (['embedder'] as const)),
  ].find(name => given.has(name))
  if (unused !== undefined) {
    const what = unused === 'embedder' ? 'compares no rows' : 'goes by no scores'
    throw new UsageError(`--${unused} is of no use: the strategy ${strategyName} ${what}`)
  }
  if (strategy.options.includes('target') && !given.has('target'))
    throw new UsageError(`the strategy ${strategyName} needs --target FILE`)
  const options = {
    threshold: given.number('threshold', 0.9, 'a number', Number.isFinite),
    metric: given.choice('metric', metrics.cosine!, metrics),
    compat: given.flag('compat'),
    seed: given.count('seed', 0, 0),
    order: given.choice('order', 'longest', orders),
    'min-tokens': given.count('min-tokens', 0, 0),
    'max-tokens': given.count('max-tokens', Infinity, 0),
    low: given.within('low', 25, 0, 100),
    high: given.within('high', 75, 0, 100),
    limit: given.positive('limit', 1),
    lambda: given.within('lambda', 0.5, 0, 1),
    quality: given.within('quality', 0, 0, 1),
    epsilon: given.within('epsilon', 0.1, 0, 1),
  }
  checkOptions(strategy, options)
  const scorer = given.has('scorer') ? given.name('scorer', 'deita', scorers) : null
  const embedder = given.has('embedder') ? given.name('embedder', 'hashed-ngrams', embedders) : null
  const keys = given.parse('keys', null, 'names of scores, with commas between them', keysOf)
  return {
    inputs: given.operands,
    out: given.text('out') ?? '-',
    strategyName,
    strategy,
    options,
    budget: given.parse<Budget | null>('budget', null, BUDGET_FORMS, parseBudget),
    target: given.text('target'),
    scorer,
    keys,
    combine: combineOf(given),
    reduce: given.choice('reduce', null, reducers),
    embedder,
    source: given.text('source'),
    model: readModelArguments(given),
    reading: readReading(given),
    writing: writingOf(given),
    typed: {
      strategy: strategyName,
      budget: given.text('budget'),
      ...Object.fromEntries(
        strategy.options.map(name => [
          name,
          given.text(name) ?? usualValue(options[name as 'seed' | 'metric']),
        ]),
      ),
      scorer,
      keys: given.text('keys'),
      combine: given.text('combine') ?? 'product',
      reduce: given.text('reduce'),
      embedder,
      source: given.text('source'),
      ...readReading(given),
      'out-container': given.text('out-container'),
      'out-format': given.text('out-format'),
      gzip: given.flag('gzip'),
    },
  }
}

/** The strategy itself knows the ranges of its options. */
function checkOptions(strategy: NamedStrategy, options: SelectArguments['options']): void {
  if (strategy.options.includes('target')) return
  try {
    strategy.make({ ...options, budget: 0, target: { texts: [], vectors: null, embedder: null } })
  } catch (error) {
    if (error instanceof SelectionError) throw new UsageError(error.message, { cause: error })
    throw error
  }
}

const usualValue = (value: number | Metric) => (typeof value === 'object' ? value.name : value)

function keysOf(typed: string): string[] | undefined {
  const keys = typed.split(',').map(key => key.trim())
  return keys.includes('') ? undefined : keys
}

function writingOf(given: Given<typeof spec>): WriteOptions<RowFormat> {
  const container = given.choice('out-container', null, containers)
  const format = given.choice('out-format', null, formats)
  return {
    ...(container === null ? {} : { container }),
    ...(format === null ? {} : { format }),
    ...(given.flag('gzip') ? { gzip: true } : {}),
  }
}

function combineOf(given: Given<typeof spec>): Combine | 'rank' {
  const wanted = `one of ${Object.keys(combinations).join(', ')}, or weights such as complexity=1,quality=2`
  return given.parse<Combine | 'rank'>('combine', product, wanted, typed => {
    if (Object.hasOwn(combinations, typed)) return combinations[typed as keyof typeof combinations]
    const weights = typed.split(',').map(part => /^\s*([^=]+?)\s*=\s*([-+.\de]+)\s*$/i.exec(part))
    if (!weights.every(match => match !== null && Number.isFinite(Number(match[2])))) return undefined
    return weightedSum(Object.fromEntries(weights.map(match => [match![1]!, Number(match![2])])))
  })
}
