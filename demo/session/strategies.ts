import {
  byLength,
  facilityLocation,
  kCenter,
  mmr,
  nearDuplicates,
  perplexityBand,
  random,
  type Selector,
  stratified,
  superfiltering,
  topScore,
} from '../../src/index'
import type { StrategyName } from '../row-protocol'

export interface Strategy {
  /** What it goes by instead of the rows' score. */
  readonly by?: 'ifd' | 'perplexity'
  make(options: { readonly budget: number; readonly threshold: number; readonly seed: number }): Selector
}

/** What a selection can be compared with. */
export const strategies: Readonly<Record<StrategyName, Strategy>> = {
  random: { make: ({ budget, seed }) => random({ budget, seed }) },
  longest: { make: ({ budget }) => byLength({ budget, order: 'longest' }) },
  shortest: { make: ({ budget }) => byLength({ budget, order: 'shortest' }) },
  'top score': { make: ({ budget }) => topScore({ budget }) },
  'near duplicates': { make: ({ budget, threshold }) => nearDuplicates({ budget, threshold }) },
  'k-center': { make: ({ budget }) => kCenter({ budget }) },
  mmr: { make: ({ budget }) => mmr({ budget, lambda: 0.5 }) },
  'facility location': { make: ({ budget, seed }) => facilityLocation({ budget, seed }) },
  stratified: { make: ({ budget, seed }) => stratified({ budget, seed }) },
  superfiltering: { by: 'ifd', make: ({ budget }) => superfiltering({ budget }) },
  'perplexity band': {
    by: 'perplexity',
    make: ({ budget, seed }) => perplexityBand({ budget, seed, low: 25, high: 75 }),
  },
}
