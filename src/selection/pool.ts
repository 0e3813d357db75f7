import type { Embedder } from '../embedding/embedder'

/** In place of a score that could not be computed. */
export interface Missing {
  /** Why, in the user's terms. */
  readonly missing: string
}

/** A row as selection sees it. */
export interface PoolItem {
  /**
   * Position in the file, unique in the pool; of two rows with the same score, the one that came first wins.
   */
  readonly index: number
  readonly id: string
  /** Higher is better. */
  readonly score: number | Missing
  /** What is embedded. */
  readonly text: string
}

/** The rows to select from, and what compares them. */
export interface Pool {
  readonly items: readonly PoolItem[]
  /** Asked only for the rows that a selector needs. */
  readonly embedder: Embedder
}
