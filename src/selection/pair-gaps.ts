import type { Score } from '../scoring/scorer'
import { measured } from './keep-first'
import type { Candidate, PairItem } from './pool'

/**
 * The implicit reward gap over β, in nats: (log π(chosen) − log ref(chosen)) − (log π(rejected) − log
 * ref(rejected)). Times β it is the gap of DPO's implicit rewards (Rafailov et al. 2023, arXiv 2305.18290), in the
 * same order.
 */
export const implicitGap = ({ implicitMargin }: PairItem): Score =>
  measured('implicit margin', implicitMargin)

/** The judge's score of the chosen answer less that of the rejected one. */
export function externalGap({ chosenReward, rejectedReward }: PairItem): Score {
  const chosen = measured("chosen answer's reward", chosenReward)
  const rejected = measured("rejected answer's reward", rejectedReward)
  if (typeof chosen !== 'number') return chosen
  if (typeof rejected !== 'number') return rejected
  return measured('reward gap', chosen - rejected)
}

/** Tokens of the chosen answer less those of the rejected one. */
export function lengthGap({ chosenTokens, rejectedTokens }: PairItem): Score {
  const chosen = measured("chosen answer's length", chosenTokens)
  const rejected = measured("rejected answer's length", rejectedTokens)
  if (typeof chosen !== 'number') return chosen
  return typeof rejected === 'number' ? chosen - rejected : rejected
}

/** Pairs with the tokens that a budget counts: those of both answers; none where a length is not known. */
export const sized = (pairs: readonly PairItem[]): (Candidate & { readonly tokens?: number })[] =>
  pairs.map(({ index, id, chosenTokens, rejectedTokens }) =>
    chosenTokens === undefined || rejectedTokens === undefined
      ? { index, id }
      : { index, id, tokens: chosenTokens + rejectedTokens },
  )
