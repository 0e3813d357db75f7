import {
  type Combine,
  ifdScorer,
  type LoadedScorer,
  lengthScorer,
  loadScorer,
  mean,
  perplexityScorer,
  type Reduce,
  type Scorer,
  sum,
  weightedSum,
} from '../index'
import type { Machine } from './machine'
import type { Progress } from './progress'

/** A way to score that people can name. */
export interface NamedScorer {
  readonly summary: string
  /** Whether it computes with the model, or needs no more than its tokenizer. */
  readonly gpu: boolean
  /** Names of its scores. */
  readonly keys: readonly string[]
  /** Makes one number of a row's exchanges, unless another way is asked for. */
  readonly reduce: Reduce
  /** Whether an answer with a lower score is the better one, to a judge. */
  readonly lowerIsBetter?: true
  open(machine: Machine): Promise<LoadedScorer>
}

/** A scorer that needs no adapters. */
const plain = (scorer: Scorer): LoadedScorer => ({ scorer, trained: true, [Symbol.dispose]() {} })

export const scorers: Readonly<Record<string, NamedScorer>> = {
  deita: {
    summary: "Deita's complexity and quality",
    gpu: true,
    keys: ['complexity', 'quality'],
    reduce: sum,
    open: async machine => loadScorer(await machine.model(), await machine.files()),
  },
  ifd: {
    summary: 'how little the instruction helps to predict the answer',
    gpu: true,
    keys: ['ifd'],
    reduce: mean,
    lowerIsBetter: true,
    open: async machine => plain(ifdScorer(await machine.model())),
  },
  perplexity: {
    summary: 'how surprising the answer is, given the instruction',
    gpu: true,
    keys: ['perplexity'],
    reduce: mean,
    lowerIsBetter: true,
    open: async machine => plain(perplexityScorer(await machine.model())),
  },
  length: {
    summary: 'tokens of the answer; needs no GPU',
    gpu: false,
    keys: ['length'],
    reduce: sum,
    open: async machine => plain(lengthScorer(await machine.tokenizer())),
  },
}

/** How a scorer ranks answers as a judge, by what its scores make together: the highest is the best. */
export function judgement(name: string): { readonly combine?: Combine } {
  const { keys, lowerIsBetter } = scorers[name]!
  return lowerIsBetter ? { combine: weightedSum(Object.fromEntries(keys.map(key => [key, -1]))) } : {}
}

/** What `--help` says of judges beside their names. */
export const judgeUsage = `of ${Object.keys(scorers)
  .filter(name => scorers[name]!.lowerIsBetter)
  .join(' and ')} the lowest score is the best`

/** Opens a scorer by its name, and says if the model was not made for it. */
export async function openScorer(name: string, machine: Machine, progress: Progress): Promise<LoadedScorer> {
  const loaded = await scorers[name]!.open(machine)
  if (!loaded.trained) progress.note('the model has no scorer adapters: it scores as it is')
  return loaded
}
