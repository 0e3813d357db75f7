import { type Fields, field } from './fields'

/** What the answers of a pair are worth to whoever scored them; larger is better. */
export interface Rewards {
  readonly chosenReward: number
  readonly rejectedReward: number
}

/** Names of scores in common files of pairs: UltraFeedback binarized, Argilla's, RewardBench's and their kin. */
const columns: readonly (readonly [chosen: string, rejected: string])[] = [
  'score',
  'reward',
  'rating',
].flatMap(word => [
  [`${word}_chosen`, `${word}_rejected`] as const,
  [`chosen_${word}`, `rejected_${word}`] as const,
  [`chosen-${word}`, `rejected-${word}`] as const,
])

/** The first pair of known columns that holds two finite numbers. */
export function rewardsOf(fields: Fields): Rewards | undefined {
  for (const [chosen, rejected] of columns) {
    const [chosenReward, rejectedReward] = [field(fields, chosen), field(fields, rejected)]
    if (Number.isFinite(chosenReward) && Number.isFinite(rejectedReward))
      return { chosenReward: chosenReward as number, rejectedReward: rejectedReward as number }
  }
  return undefined
}
