import { mean, median } from 'd3-array'
import type { Missing } from '../scoring/score'
import type { Answer } from './answers'
import { EvaluationError } from './errors'

/** Of some answers, in one unit. */
export interface Lengths {
  readonly mean: number
  readonly median: number
  readonly longest: number
}

/** How long answers are; those that are missing do not count. */
export interface AnswerLengths {
  readonly answers: number
  readonly tokens: Lengths
  readonly characters: Lengths
  /** Share of the answers that were cut off, by `maxTokens` or a full context: their true lengths are larger. */
  readonly cutOff: number
}

/** @throws {EvaluationError} if there is no answer */
export function answerLengths(answers: readonly (Answer | Missing)[]): AnswerLengths {
  const given = answers.filter(answer => 'text' in answer)
  if (given.length === 0) throw new EvaluationError('there is no answer to measure')
  const cut = given.filter(({ reason }) => reason === 'length' || reason === 'context').length
  return {
    answers: given.length,
    tokens: lengths(given.map(({ tokens }) => tokens)),
    characters: lengths(given.map(({ characters }) => characters)),
    cutOff: cut / given.length,
  }
}

const lengths = (values: readonly number[]): Lengths => ({
  mean: mean(values)!,
  median: median(values)!,
  longest: Math.max(...values),
})

/**
 * How much longer answers became: mean tokens after over mean tokens before, minus 1; 0.1 is a tenth longer. Over the
 * prompts that both answered; null where those before have no token.
 *
 * @throws {EvaluationError} if the lists differ in length
 */
export function lengthGrowth(
  before: readonly (Answer | Missing)[],
  after: readonly (Answer | Missing)[],
): number | null {
  checkSameNumber(before, after)
  let [was, is] = [0, 0]
  for (const [i, answer] of before.entries()) {
    const later = after[i]!
    if (!('text' in answer && 'text' in later)) continue
    was += answer.tokens
    is += later.tokens
  }
  return was === 0 ? null : is / was - 1
}

/** @throws {EvaluationError} unless each prompt has two answers */
export function checkSameNumber(a: readonly unknown[], b: readonly unknown[]): void {
  if (a.length !== b.length)
    throw new EvaluationError(`there are ${a.length} answers and ${b.length}: one of each a prompt is wanted`)
}
