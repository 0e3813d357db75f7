import type { Vectors } from '../embedding/vectors'
import type { Score } from '../scoring/scorer'

/** What every kind of item has in common. */
export interface Candidate {
  /**
   * Position in the file, unique in the pool; of two items that are otherwise equal, the one that came first
   * wins.
   */
  readonly index: number
  readonly id: string
}

/** A row as selection sees it. */
export interface PoolItem extends Candidate {
  /** Higher is better. */
  readonly score: Score
  /** What is embedded and compared. */
  readonly text: string
  /**
   * What tells rows with the same content, where that is not `text`: a hash of it, for a pool whose texts are
   * read when they are embedded.
   */
  readonly content?: string
  /** Length in tokens, for budgets in tokens and selection by length. */
  readonly tokens?: number
  /** Where the row comes from (a data set, a topic), for strata and reports. */
  readonly source?: string
}

/** A preference pair as selection sees it. A value that was not computed is absent. */
export interface PairItem extends Candidate {
  /** (log π(chosen) − log π(rejected)) − (log ref(chosen) − log ref(rejected)), in nats, not multiplied by β. */
  readonly implicitMargin?: Score
  /** An external judge's score of the chosen answer. */
  readonly chosenReward?: Score
  /** The same judge's score of the rejected answer. */
  readonly rejectedReward?: Score
  /** Lengths of the answers in tokens. */
  readonly chosenTokens?: number
  readonly rejectedTokens?: number
}

/** What to select from. */
export interface Pool<Item extends Candidate = PoolItem> {
  readonly items: readonly Item[]
  /** Vectors of the items; only strategies that compare rows need them, and ask only for those they reach. */
  readonly vectors?: Vectors
}
