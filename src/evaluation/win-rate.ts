import { type PairRewardOptions, pairRewards } from '../scoring/pair-rewards'
import type { Missing } from '../scoring/score'
import type { Scorer } from '../scoring/scorer'
import { checkSameNumber } from './answer-lengths'
import type { Prompt } from './answers'
import { EvaluationError } from './errors'

/** How a judge found answers of A beside those of B. */
export interface WinRate {
  readonly wins: number
  readonly ties: number
  readonly losses: number
  /** Prompts without two scores: they count nowhere else. */
  readonly missing: number
  /** (wins + ties / 2) / (wins + ties + losses). */
  readonly rate: number
  /** Wilson's 95 % interval of the rate. A tie is half a win, which makes it wider than it need be. */
  readonly interval: readonly [low: number, high: number]
  /** Mean score of each side, and of A − B. */
  readonly scores: { readonly a: number; readonly b: number; readonly difference: number }
  /** What each prompt's answers got: A's score, and B's; null where one is missing. */
  readonly pairs: readonly (readonly [a: number, b: number] | null)[]
}

export interface WinRateOptions extends PairRewardOptions {
  /** Scores that differ by no more are a tie. Default: 0, equal ones. */
  readonly tie?: number
}

/** An answer, by its text or as `answerPrompts` gives it. */
export type Judged = string | { readonly text: string } | Missing

/**
 * Lets a scorer judge two answers to each prompt: the higher score wins. The scorer sees each answer alone, so neither
 * their order nor their number plays a part; that longer answers may please it more does.
 *
 * @throws {EvaluationError} unless each prompt has two answers, and if no prompt has two scores
 * @throws {ScorerError} if `combine` asks for a score that the scorer does not give
 * @throws the signal's reason once it is aborted
 */
export async function winRate(
  prompts: readonly Prompt[],
  a: readonly Judged[],
  b: readonly Judged[],
  scorer: Scorer,
  { tie = 0, ...options }: WinRateOptions = {},
): Promise<WinRate> {
  if (!(tie >= 0)) throw new EvaluationError(`tie is ${tie}, expected 0 or a number above`)
  checkSameNumber(a, b)
  if (a.length !== prompts.length)
    throw new EvaluationError(`there are ${prompts.length} prompts and ${a.length} answers to each side`)
  const judged = prompts.flatMap((prompt, index) => {
    const [chosen, rejected] = [textOf(a[index]!), textOf(b[index]!)]
    if (chosen === null || rejected === null) return []
    return [{ index, id: String(index), raw: null, prompt, chosen, rejected }]
  })
  const rewards = await pairRewards(judged, scorer, options)
  const pairs: (readonly [number, number] | null)[] = prompts.map(() => null)
  rewards.forEach(({ chosen, rejected }, n) => {
    if (typeof chosen === 'number' && typeof rejected === 'number')
      pairs[judged[n]!.index] = [chosen, rejected]
  })
  return { ...counted(pairs, tie), pairs }
}

function counted(pairs: readonly (readonly [number, number] | null)[], tie: number): Omit<WinRate, 'pairs'> {
  const scored = pairs.filter(pair => pair !== null)
  const n = scored.length
  if (n === 0) throw new EvaluationError('no prompt has scores of both answers: there is nothing to compare')
  const ties = scored.filter(([a, b]) => Math.abs(a - b) <= tie).length
  const wins = scored.filter(([a, b]) => a - b > tie).length
  const rate = (wins + ties / 2) / n
  const mean = (of: (pair: readonly [number, number]) => number) =>
    scored.reduce((sum, pair) => sum + of(pair), 0) / n
  return {
    ...{ wins, ties, losses: n - wins - ties, missing: pairs.length - n, rate },
    interval: wilsonInterval(rate, n),
    scores: { a: mean(([a]) => a), b: mean(([, b]) => b), difference: mean(([a, b]) => a - b) },
  }
}

/** The 0.975 quantile of the normal distribution. */
const Z = 1.959963984540054

/** Wilson's 95 % score interval of a share of `n` (https://doi.org/10.1080/01621459.1927.10502953). */
export function wilsonInterval(share: number, n: number): readonly [low: number, high: number] {
  const z2 = Z * Z
  const middle = (share + z2 / (2 * n)) / (1 + z2 / n)
  const half = (Z / (1 + z2 / n)) * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n * n))
  return [Math.max(0, middle - half), Math.min(1, middle + half)]
}

function textOf(answer: Judged): string | null {
  if (typeof answer === 'string') return answer
  return 'text' in answer ? answer.text : null
}
