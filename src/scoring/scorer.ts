import { type Exchange, exchanges, type Row } from '../data/row'

/** A score that could not be computed. Never replaced by a number. */
export interface Missing {
  /** Why, in the user's terms. */
  readonly missing: string
}

export type Score = number | Missing

/** The scores of one exchange by name, and whether its text was cut to fit the model. */
export interface ExchangeScores {
  readonly scores: Readonly<Record<string, Score>>
  readonly truncated: boolean
}

export interface ScoreOptions {
  readonly signal?: AbortSignal
  /** Called with the share of the work that is done, from 0 to 1. */
  readonly onProgress?: (fraction: number) => void
}

/** Gives every exchange (a user turn and its answer) one or several numbers. */
export interface Scorer {
  readonly name: string
  /** Names of its scores. A row's score is their product, summed over its exchanges. */
  readonly keys: readonly string[]
  score(exchanges: readonly Exchange[], options: ScoreOptions): Promise<ExchangeScores[]>
}

/** A row with its scores. */
export interface ScoredRow {
  readonly row: Row
  /** Σ over exchanges of Π over keys; missing if any of them is. */
  readonly score: Score
  readonly exchanges: readonly ExchangeScores[]
}

/**
 * Scores rows: Σ over exchanges of the product of the scorer's keys, as Deita's filter does
 * (https://arxiv.org/abs/2312.15685 §2, complexity × quality). Not divided by the number of exchanges.
 */
export async function score(
  rows: readonly Row[],
  scorer: Scorer,
  options: ScoreOptions = {},
): Promise<ScoredRow[]> {
  const all = rows.map(row => exchanges(row))
  const results = await scorer.score(all.flat(), options)
  let at = 0
  return rows.map((row, i) => {
    const mine = results.slice(at, at + all[i]!.length)
    at += all[i]!.length
    return { row, score: total(mine, scorer.keys), exchanges: mine }
  })
}

function total(results: readonly ExchangeScores[], keys: readonly string[]): Score {
  if (results.length === 0) return { missing: 'the row has no exchange' }
  let sum = 0
  for (const { scores } of results) {
    let product = 1
    for (const key of keys) {
      const value = scores[key]
      if (typeof value !== 'number') return value ?? { missing: `the scorer gave no ${key}` }
      if (!Number.isFinite(value)) return { missing: `the scorer gave ${value} for ${key}` }
      product *= value
    }
    sum += product
  }
  return sum
}
