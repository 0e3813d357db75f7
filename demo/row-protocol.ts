import type { Comparison, Problem, SelectionRecord, Turn } from '../src/index'

/** One bar: how many rows lie in [from, to), and how many of those are kept. */
export interface Bin {
  readonly from: number
  readonly to: number
  readonly count: number
  readonly kept: number
}

/** How a measure of the rows is spread. */
export interface Distribution {
  /** Of its measure; the name of a cut. */
  readonly key: string
  readonly label: string
  /** Goes on behind the label. */
  readonly note: string
  readonly bins: readonly Bin[]
  readonly mean: number
  readonly deviation: number
  /** Rows whose value could not be computed. */
  readonly missing: number
}

/** By a score's name: the column of the rows that has it. */
export type ScoreColumns = Readonly<Record<string, string>>

export interface ScoreSummary {
  readonly rows: number
  /** Rows with a text that was cut to fit the scorer. */
  readonly truncated: number
  readonly seconds: number
  /** The field that tells where rows come from, if one does. */
  readonly groupField: string | null
}

/** Everything that decides the selection, besides the scored rows. */
export interface Choice {
  /** Rows to keep at most; `null` for the usual share. */
  readonly budget: number | null
  readonly threshold: number
  /** By the key of a measure: rows with less are left out. */
  readonly cuts: Readonly<Record<string, number>>
  /** Rows that are kept, and rows that are left out, because the visitor says so. */
  readonly keep: readonly number[]
  readonly drop: readonly number[]
}

/** What was found out about the rows so that any choice is answered at once. */
export interface SimilarityJoin {
  /** The lowest threshold that can be asked for without comparing the rows anew. */
  readonly lowest: number
  /** Pairs of rows that are more similar than that. */
  readonly pairs: number
  readonly seconds: number
}

/** The order gives the codes of `RowMap`. */
export const decisionNames = [
  'kept',
  'similar',
  'duplicate',
  'excluded',
  'beyond budget',
  'invalid',
  'unreadable',
] as const satisfies readonly SelectionRecord['decision'][]

export type DecisionName = SelectionRecord['decision']

export interface SelectionSummary {
  readonly counts: Readonly<Record<DecisionName, number>>
  readonly total: number
  /** As a number of rows. */
  readonly budget: number
  readonly choice: Choice
  readonly distributions: readonly Distribution[]
}

/** A column that rows can be ordered by. */
export interface Column {
  readonly key: string
  readonly label: string
}

export interface TableQuery {
  readonly decision: DecisionName | 'all'
  /** Rows that contain all of its words. */
  readonly search: string
  /** `best`, `row`, or the key of a column. */
  readonly sort: string
  readonly descending: boolean
  readonly offset: number
  readonly limit: number
}

export interface TableRow extends SelectionRecord {
  /** The beginning of its first instruction, or of what could not be read. */
  readonly excerpt: string
  /** By the key of a column. */
  readonly values: Readonly<Record<string, number | null>>
}

export interface TablePage {
  /** Rows that match. */
  readonly matches: number
  readonly rows: readonly TableRow[]
}

export interface RowText {
  readonly row: number
  readonly turns: readonly Turn[]
}

export interface RowDetail {
  readonly own: RowText | null
  /** The row that it is compared with. */
  readonly other: RowText | null
  readonly problem: Problem | null
}

export type Side = 'above' | 'below'

/** Two similar rows with what became of them, the better one first. */
export interface NearPair {
  readonly rows: readonly [TableRow, TableRow]
  readonly similarity: number
}

/** The vectors of the scored rows, laid out in the plane. */
export interface RowMap {
  /** In the order of `x` and `y`. */
  readonly rows: Uint32Array
  /** From 0 to 1. */
  readonly x: Float32Array
  readonly y: Float32Array
  /** UMAP over each row's neighbours, or the two principal axes. */
  readonly projection: 'neighbours' | 'axes'
  /** Names of the groups in `groups`; empty if no field tells where the rows come from. */
  readonly groupNames: readonly string[]
  readonly groups: Uint8Array
  /** The field that gives the groups. */
  readonly groupField: string | null
}

/** What the points of the map are coloured by. */
export interface MapState {
  /** Codes: places in `decisionNames`. */
  readonly decisions: Uint8Array
  readonly scores: Float32Array
}

/** What the selection can be compared with. */
export type StrategyName =
  | 'random'
  | 'longest'
  | 'shortest'
  | 'top score'
  | 'near duplicates'
  | 'k-center'
  | 'mmr'
  | 'facility location'
  | 'stratified'
  | 'superfiltering'
  | 'perplexity band'

/** A comparison, and the selection that it was made for. */
export interface StrategyComparison {
  readonly comparison: Comparison
  readonly choice: Choice
}
