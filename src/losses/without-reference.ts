import type { AnswerTokens, TokenChoice } from './loss'

/** The same tokens, with nothing taken off for the reference model: log-ratios become log-probs. */
export const withoutReference = ({ name, weigh }: TokenChoice): TokenChoice => {
  const alone = ({ policy, length }: AnswerTokens): AnswerTokens => ({
    policy,
    reference: new Float32Array(policy.length),
    length,
  })
  return {
    name,
    weigh(...lengthsAndKey) {
      const { chosen, rejected } = weigh(...lengthsAndKey)
      return { chosen: alone(chosen), rejected: alone(rejected) }
    },
  }
}
