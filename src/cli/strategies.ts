import {
  type Budget,
  byLength,
  cosine,
  deita,
  dot,
  dsir,
  type Embedder,
  exactDuplicates,
  facilityLocation,
  kCenter,
  type Metric,
  mmr,
  nearDuplicates,
  negativeL1,
  negativeL2,
  perplexityBand,
  random,
  rds,
  type Selector,
  stratified,
  superfiltering,
  topScore,
} from '../index'

/** Ways to compare vectors by the name that people type. */
export const metrics: Readonly<Record<string, Metric>> = Object.fromEntries(
  [cosine, dot, negativeL1, negativeL2].map(metric => [metric.name, metric]),
)

/** Rows like those that are wanted. */
export interface Target {
  readonly texts: readonly string[]
  /** Their vectors, if a column holds them; else `embedder` makes them of the texts. */
  readonly vectors: readonly ArrayLike<number>[] | null
  /** The one that the pool's vectors are of; null if these come from a column, or are not needed. */
  readonly embedder: Embedder | null
}

/** Everything that a strategy may be told, with the values that were given or are usual. */
export interface StrategyOptions {
  readonly budget: Budget
  readonly seed: number
  readonly threshold: number
  readonly metric: Metric
  readonly compat: boolean
  readonly order: 'longest' | 'shortest'
  readonly 'min-tokens': number
  readonly 'max-tokens': number
  readonly low: number
  readonly high: number
  readonly limit: number
  readonly lambda: number
  readonly quality: number
  readonly epsilon: number
  readonly target: Target
}

export type StrategyOption = Exclude<keyof StrategyOptions, 'budget'>

/** A strategy that people can name. */
export interface NamedStrategy {
  readonly summary: string
  /** The options it takes besides a budget; others are refused. */
  readonly options: readonly StrategyOption[]
  /** The scores it goes by; `optional`: where a row's columns have them. */
  readonly scores: 'needed' | 'optional' | 'none'
  /** What computes the scores where no column has them. */
  readonly scorer: string
  /** Whether it compares rows. */
  readonly vectors: boolean
  /** Whether it goes by lengths in tokens. */
  readonly tokens: boolean
  /** Without a budget: a tenth, or everything that the strategy does not drop. */
  readonly usual: 'tenth' | 'all'
  make(options: StrategyOptions): Selector
}

const usual = {
  options: [],
  scores: 'none',
  scorer: 'deita',
  vectors: false,
  tokens: false,
  usual: 'tenth',
} as const

export const strategies: Readonly<Record<string, NamedStrategy>> = {
  deita: {
    ...usual,
    summary: 'best scores first, none too similar to a better one',
    options: ['threshold', 'metric', 'compat'],
    scores: 'needed',
    vectors: true,
    make: ({ budget, threshold, metric, compat }) => deita({ budget, threshold, metric, compat }),
  },
  'top-score': {
    ...usual,
    summary: 'best scores, whatever they resemble',
    scores: 'needed',
    make: ({ budget }) => topScore({ budget }),
  },
  random: {
    ...usual,
    summary: 'by chance: the baseline to beat',
    options: ['seed'],
    make: ({ budget, seed }) => random({ budget, seed }),
  },
  stratified: {
    ...usual,
    summary: 'by chance, from each source its share (--source)',
    options: ['seed'],
    make: ({ budget, seed }) => stratified({ budget, seed }),
  },
  length: {
    ...usual,
    summary: 'the longest rows, or the shortest: a baseline that is hard to beat',
    options: ['order', 'min-tokens', 'max-tokens'],
    tokens: true,
    make: ({ budget, order, 'min-tokens': min, 'max-tokens': max }) => byLength({ budget, order, min, max }),
  },
  'exact-duplicates': {
    ...usual,
    summary: 'all but copies',
    usual: 'all',
    make: ({ budget }) => exactDuplicates({ budget }),
  },
  'near-duplicates': {
    ...usual,
    summary: 'all but rows that resemble one before them, best scores first',
    options: ['threshold', 'metric'],
    scores: 'optional',
    vectors: true,
    usual: 'all',
    make: ({ budget, threshold, metric }) => nearDuplicates({ budget, threshold, metric }),
  },
  superfiltering: {
    ...usual,
    summary: 'instructions that are hard, and still help (IFD)',
    options: ['limit'],
    scores: 'needed',
    scorer: 'ifd',
    make: ({ budget, limit }) => superfiltering({ budget, limit }),
  },
  'perplexity-band': {
    ...usual,
    summary: 'answers between two percentiles of perplexity',
    options: ['low', 'high', 'seed'],
    scores: 'needed',
    scorer: 'perplexity',
    make: ({ budget, low, high, seed }) => perplexityBand({ budget, low, high, seed }),
  },
  dsir: {
    ...usual,
    summary: 'rows whose wording is like that of --target, by chance',
    options: ['target', 'seed'],
    make: ({ budget, target, seed }) => dsir({ budget, target: target.texts, seed }),
  },
  rds: {
    ...usual,
    summary: 'rows whose vectors are like those of --target (RDS+)',
    options: ['target'],
    vectors: true,
    make: ({ budget, target: { texts, vectors, embedder } }) =>
      rds({
        budget,
        targets: [vectors ? { name: 'target', vectors } : { name: 'target', texts }],
        ...(embedder ? { embedder } : {}),
      }),
  },
  'facility-location': {
    ...usual,
    summary: 'rows that stand for all others, and score well',
    options: ['quality', 'epsilon', 'seed'],
    scores: 'optional',
    vectors: true,
    make: ({ budget, quality, epsilon, seed }) => facilityLocation({ budget, quality, epsilon, seed }),
  },
  'k-center': {
    ...usual,
    summary: 'rows far from each other, outliers first',
    scores: 'optional',
    vectors: true,
    make: ({ budget }) => kCenter({ budget }),
  },
  mmr: {
    ...usual,
    summary: 'good scores, each as unlike those before as --lambda says',
    options: ['lambda'],
    scores: 'needed',
    vectors: true,
    make: ({ budget, lambda }) => mmr({ budget, lambda }),
  },
}
