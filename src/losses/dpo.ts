import logistic from '#shaders/lib/logistic.wgsl?raw'
import code from '#shaders/losses/sigmoid.wgsl?raw'
import { definePairLoss } from '../ops/pair-loss'
import { allTokens } from './all-tokens'
import type { PairLoss, TokenChoice } from './loss'
import { pairTerm } from './pair-term'

export const sigmoidKernel = definePairLoss({
  name: 'sigmoid',
  code: [logistic, code],
  params: { beta: 'f32' },
})

export interface DpoOptions {
  readonly beta?: number
  readonly tokens?: TokenChoice
}

/**
 * Direct preference optimization: −log σ(β·margin), the margin of the answers' log-ratios summed over their tokens, in
 * nats. https://arxiv.org/abs/2305.18290 eq. 7; `sigmoid` in TRL.
 */
export const dpo = ({ beta = 0.1, tokens = allTokens }: DpoOptions = {}): PairLoss => ({
  kind: 'pairs',
  name: 'dpo',
  beta,
  terms: [pairTerm({ name: 'sigmoid', kernel: sigmoidKernel, params: { beta }, tokens })],
})
