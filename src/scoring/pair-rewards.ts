import type { Pair } from '../data/row'
import { type Combine, product } from './combine'
import {
  checkKeys,
  rowExchanges,
  rowScore,
  type Score,
  type Scorer,
  type ScorerOptions,
  scoreExchanges,
} from './scorer'

/** What a judge gives both answers of a pair. */
export interface PairRewards {
  readonly chosen: Score
  readonly rejected: Score
  /** Whether a text was cut to fit the judge. */
  readonly truncated: boolean
}

export interface PairRewardOptions extends ScorerOptions {
  /** One number of the scores of an answer. Default: their product. */
  readonly combine?: Combine
}

/**
 * Judges both answers of pairs with a scorer, such as `qualityScorer`: each as the answer to the prompt's last turn.
 *
 * @throws {ScorerError} if `combine` asks for a score that the scorer does not give
 * @throws the signal's reason once it is aborted
 */
export async function pairRewards(
  pairs: readonly Pair[],
  scorer: Scorer,
  { combine = product, ...options }: PairRewardOptions = {},
): Promise<PairRewards[]> {
  checkKeys(scorer.name, scorer.keys, combine)
  const answered = pairs.flatMap(({ prompt, chosen, rejected, ...origin }) =>
    [chosen, rejected].map(content => {
      const turns = [...prompt, { role: 'assistant' as const, content }]
      return rowExchanges({ ...origin, turns }).at(-1)!
    }),
  )
  const scores = await scoreExchanges(answered, scorer, options)
  const reward = (i: number) => rowScore([scores[i]!], scorer.keys, { combine })
  return pairs.map((_, n) => ({
    chosen: reward(2 * n),
    rejected: reward(2 * n + 1),
    truncated: scores[2 * n]!.truncated || scores[2 * n + 1]!.truncated,
  }))
}
