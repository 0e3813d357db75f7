import { answerLength } from '../models/answer-batch'
import type { DroppedExample } from './dropped'
import type { EncodedLabelled, EncodedPair, EncodedSequence, Example } from './examples'

/** Of some numbers; all 0 where there are none. */
export interface Distribution {
  readonly min: number
  readonly median: number
  /** Nine of ten are at most this. */
  readonly p90: number
  readonly max: number
  readonly mean: number
}

/** Why examples were left out, and how often. */
export interface DropCount {
  readonly cause: string
  readonly count: number
  /** The first of them. */
  readonly example: Pick<DroppedExample, 'index' | 'reason'>
}

/** What is known of examples before training. Lengths are in tokens. */
export interface DataReport {
  /** Examples that were encoded or dropped. */
  readonly read: number
  readonly kept: number
  readonly dropped: number
  /** By cause, the most frequent first. They add up to `dropped`. */
  readonly causes: readonly DropCount[]
  /** Kept examples that were cut to fit. */
  readonly truncated: number
  /** Tokens of all sequences, prompts of pairs twice. */
  readonly tokens: number
  /** Those of them that are trained. */
  readonly trainedTokens: number
  /** Before the first trained token. */
  readonly prompts: Distribution
  /** Trained tokens of each conversation, of pairs those of the chosen answers, of labelled answers of all. */
  readonly answers: Distribution
  /** Only for pairs. */
  readonly pairs: PairReport | null
  /** Only for labelled answers: how many are desirable. */
  readonly desirable: number | null
}

export interface PairReport {
  readonly rejected: Distribution
  /** Dropped pairs whose answers were the same. */
  readonly sameAnswers: number
  /**
   * Tokens of the chosen answer less those of the rejected one. Where its mean is far from 0, a loss that sums over
   * tokens also learns length: https://arxiv.org/abs/2406.10957.
   */
  readonly lengthDifference: Distribution
  /** Share of the pairs whose chosen answer is the longer one. */
  readonly chosenLonger: number
}

/** What an encoder gave. */
export type Encoded = { readonly dropped: readonly Dropped[] } & (
  | { readonly pairs: readonly EncodedPair[] }
  | { readonly sequences: readonly EncodedSequence[] }
  | { readonly answers: readonly EncodedLabelled[] }
)

type Dropped = Omit<DroppedExample, 'cause'> & { readonly cause: string }

/** Counts what an encoder kept and left out. */
export function dataReport(encoded: Encoded): DataReport {
  const examples: readonly Example[] =
    'pairs' in encoded ? encoded.pairs : 'sequences' in encoded ? encoded.sequences : encoded.answers
  const { dropped } = encoded
  const sequences = examples.flatMap(lengthsOf)
  const first = examples.map(example => lengthsOf(example)[0]!)
  return {
    read: examples.length + dropped.length,
    kept: examples.length,
    dropped: dropped.length,
    causes: causesOf(dropped),
    truncated: examples.filter(({ truncated }) => truncated).length,
    tokens: sum(sequences.map(({ tokens }) => tokens)),
    trainedTokens: sum(sequences.map(({ trained }) => trained)),
    prompts: distribution(first.map(({ prompt }) => prompt)),
    answers: distribution(first.map(({ trained }) => trained)),
    pairs: 'pairs' in encoded ? pairReport(encoded.pairs, dropped) : null,
    desirable: 'answers' in encoded ? encoded.answers.filter(({ desirable }) => desirable).length : null,
  }
}

interface Lengths {
  readonly tokens: number
  readonly prompt: number
  readonly trained: number
}

function lengthsOf(example: Example): Lengths[] {
  if ('mask' in example) {
    const { ids, mask } = example
    return [{ tokens: ids.length, prompt: mask.indexOf(1), trained: sum(mask) }]
  }
  const answers = 'answer' in example ? [example.answer] : [example.chosen, example.rejected]
  return answers.map(answer => ({
    tokens: answer.ids.length,
    prompt: answer.answerBegin,
    trained: answerLength(answer),
  }))
}

function pairReport(pairs: readonly EncodedPair[], dropped: readonly Dropped[]): PairReport {
  const differences = pairs.map(({ chosen, rejected }) => answerLength(chosen) - answerLength(rejected))
  return {
    rejected: distribution(pairs.map(({ rejected }) => answerLength(rejected))),
    sameAnswers: dropped.filter(({ cause }) => cause === 'same answers').length,
    lengthDifference: distribution(differences),
    chosenLonger: pairs.length === 0 ? 0 : differences.filter(tokens => tokens > 0).length / pairs.length,
  }
}

function causesOf(dropped: readonly Dropped[]): DropCount[] {
  const counts = new Map<string, DropCount>()
  for (const { index, cause, reason } of dropped) {
    const { count, example } = counts.get(cause) ?? { count: 0, example: { index, reason } }
    counts.set(cause, { cause, count: count + 1, example })
  }
  return [...counts.values()].sort((a, b) => b.count - a.count)
}

const sum = (values: Iterable<number>): number => {
  let total = 0
  for (const value of values) total += value
  return total
}

/** The median of an even number is the mean of the two in the middle; p90 is a number that occurs. */
function distribution(values: readonly number[]): Distribution {
  if (values.length === 0) return { min: 0, median: 0, p90: 0, max: 0, mean: 0 }
  const sorted = [...values].sort((a, b) => a - b)
  const at = (i: number) => sorted[i]!
  const half = sorted.length / 2
  return {
    min: at(0),
    median: (at(Math.ceil(half) - 1) + at(Math.floor(half))) / 2,
    p90: at(Math.ceil((9 * sorted.length) / 10) - 1),
    max: at(sorted.length - 1),
    mean: sum(sorted) / sorted.length,
  }
}
