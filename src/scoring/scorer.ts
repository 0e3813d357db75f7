import { answeredTurns, type Exchange, type Row } from '../data/row'
import { type Combine, product } from './combine'
import { type Reduce, sum } from './reduce'
import type { Missing, Score } from './score'
import { ScorerError } from './scorer-error'

export type { Missing, Score }

/** The scores of one exchange by name, and whether its text was cut to fit the model. */
export interface ExchangeScores {
  readonly scores: Readonly<Record<string, Score>>
  readonly truncated: boolean
}

export interface ScorerOptions {
  readonly signal?: AbortSignal
  /** Called with the share of the work that is done, from 0 to 1. */
  readonly onProgress?: (fraction: number) => void
}

/** An exchange with its place in its row. */
export interface RowExchange extends Exchange {
  readonly row: Row
  /** Which exchange of the row it is, from 0. */
  readonly place: number
  /** Place of its user turn in `row.turns`; those before it are the conversation so far. */
  readonly turn: number
}

/** Gives every exchange (a user turn and its answer) one or several numbers. */
export interface Scorer {
  readonly name: string
  /** Names of its scores. */
  readonly keys: readonly string[]
  /**
   * Scores for each exchange, in order. Those of an exchange must not depend on which others are scored with it.
   *
   * @throws the signal's reason once it is aborted
   */
  score(exchanges: readonly RowExchange[], options: ScorerOptions): Promise<ExchangeScores[]>
}

/** How the scores of a row's exchanges become its own. */
export interface RowScoreOptions {
  /** One number of the scores of an exchange. Default: their product, as Deita's. */
  readonly combine?: Combine
  /** One number of those of the row's exchanges. Default: their sum, not divided by their number, as Deita's. */
  readonly reduce?: Reduce
}

export interface ScoreOptions extends ScorerOptions, RowScoreOptions {}

/** A row with its scores. */
export interface ScoredRow {
  readonly row: Row
  /** Missing, with the reason, if a score that it needs is. */
  readonly score: Score
  readonly exchanges: readonly ExchangeScores[]
}

/** The exchanges of a row, as scorers take them. */
export const rowExchanges = (row: Row): RowExchange[] =>
  answeredTurns(row).map((turn, place) => ({
    instruction: row.turns[turn]!.content,
    output: row.turns[turn + 1]!.content,
    row,
    place,
    turn,
  }))

/**
 * Scores rows: each exchange by the scorer, then one number for each exchange and one for each row. By default
 * Σ over exchanges of the product of their scores, as Deita's filter (https://arxiv.org/abs/2312.15685 §2).
 *
 * @throws {ScorerError} if `combine` asks for a score that the scorer does not give
 * @throws the signal's reason once it is aborted
 */
export async function score(
  rows: readonly Row[],
  scorer: Scorer,
  { combine = product, reduce = sum, ...options }: ScoreOptions = {},
): Promise<ScoredRow[]> {
  checkKeys(scorer.name, scorer.keys, combine)
  const all = rows.map(row => rowExchanges(row))
  const results = await scoreExchanges(all.flat(), scorer, options)
  let at = 0
  return rows.map((row, i) => {
    const mine = results.slice(at, at + all[i]!.length)
    at += all[i]!.length
    return { row, score: rowScore(mine, scorer.keys, { combine, reduce }), exchanges: mine }
  })
}

/**
 * One number of the scores of a row's exchanges, such as `score` gives. For scores that are there already.
 *
 * @param keys of the scorer that gave them
 * @throws {ScorerError} if `combine` asks for a score that is not among the keys
 */
export function rowScore(
  exchanges: readonly ExchangeScores[],
  keys: readonly string[],
  { combine = product, reduce = sum }: RowScoreOptions = {},
): Score {
  checkKeys('the scorer', keys, combine)
  if (exchanges.length === 0) return { missing: 'the row has no exchange' }
  const wanted = combine.keys ?? keys
  return reduce(exchanges.map(({ scores }) => combine.of(wanted.map(key => checked(scores[key], key)))))
}

/** Asks a scorer. @throws {ScorerError} if it does not give one answer for each exchange */
export async function scoreExchanges(
  exchanges: readonly RowExchange[],
  scorer: Scorer,
  options: ScorerOptions,
): Promise<ExchangeScores[]> {
  const results = await scorer.score(exchanges, options)
  if (results.length === exchanges.length) return results
  throw new ScorerError(
    `scorer ${scorer.name} gave scores for ${results.length} exchanges, expected ${exchanges.length}`,
  )
}

function checked(value: Score | undefined, key: string): Score {
  if (value === undefined) return { missing: `the scorer gave no ${key}` }
  if (typeof value !== 'number' || Number.isFinite(value)) return value
  return { missing: `the scorer gave ${value} for ${key}` }
}

/** @throws {ScorerError} if `combine` asks for a score that is not among the keys of `who` */
export function checkKeys(who: string, keys: readonly string[], combine: Combine): void {
  const unknown = combine.keys?.find(key => !keys.includes(key))
  if (unknown === undefined) return
  throw new ScorerError(`${who} gives no score '${unknown}'; it gives ${keys.join(', ')}`)
}
