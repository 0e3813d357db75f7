import logistic from '#shaders/lib/logistic.wgsl?raw'
import code from '#shaders/losses/orpo.wgsl?raw'
import { definePairLoss } from '../ops/pair-loss'
import { allTokens } from './all-tokens'
import type { AnswerSums, PairLoss } from './loss'
import { readOptions } from './options'
import { pairTerm } from './pair-term'
import { nllKernel } from './sft'
import { tokenTerm } from './token-term'
import { withoutReference } from './without-reference'

export const orpoKernel = definePairLoss({ name: 'orpo', code: [logistic, code], params: { beta: 'f32' } })

/** Supervised fine-tuning on prompts and chosen answers, every token after the first. */
const whole = tokenTerm('nll', nllKernel, { prompt: true })

/**
 * Odds ratio preference optimization, without a reference model: β·−log σ(log odds(chosen) − log odds(rejected)), the
 * odds being those of the answers' mean log-probs, and the mean negative log-likelihood of prompts and chosen answers.
 * https://arxiv.org/abs/2403.07691 eq. 6 and 7; TRL's ORPO, where β is the paper's λ.
 *
 * @throws {LossError} if an option is out of its range
 */
export function orpo(options: { readonly beta?: number } = {}): PairLoss {
  const { beta } = readOptions('orpo', options, { beta: 0.1 })
  const odds = pairTerm({
    name: 'orpo',
    kernel: orpoKernel,
    params: { beta },
    tokens: withoutReference(allTokens),
    usesReference: false,
  })
  return { kind: 'pairs', name: 'orpo', beta, terms: [odds, whole], averaged: true, report: oddsReport }
}

/** Means of log σ(log odds ratio) and of the log odds ratio itself, under TRL's names. */
function oddsReport(chosen: readonly AnswerSums[], rejected: readonly AnswerSums[]): Record<string, number> {
  const ratios = chosen.map((answer, n) => logOdds(answer) - logOdds(rejected[n]!))
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length
  return {
    log_odds_ratio: mean(ratios.map(h => Math.min(h, 0) - Math.log1p(Math.exp(-Math.abs(h))))),
    log_odds_chosen: mean(ratios),
  }
}

function logOdds({ logp, tokens }: AnswerSums): number {
  const mean = Math.min(logp / tokens, -1e-6)
  return mean - Math.log(-Math.expm1(mean))
}
