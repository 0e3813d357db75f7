import type { AnswerTokens, TokenChoice } from './loss'

/** Every token of an answer, once. */
export const wholeAnswer = (length: number): AnswerTokens => {
  const ones = new Float32Array(length).fill(1)
  return { policy: ones, reference: ones, length }
}

/** Every token of both answers counts once: the log-probs of whole answers. */
export const allTokens: TokenChoice = {
  name: 'all',
  weigh: (chosen, rejected) => ({ chosen: wholeAnswer(chosen), rejected: wholeAnswer(rejected) }),
}
