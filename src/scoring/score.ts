/** A score that could not be computed. Never replaced by a number. */
export interface Missing {
  /** Why, in the user's terms. */
  readonly missing: string
}

export type Score = number | Missing
