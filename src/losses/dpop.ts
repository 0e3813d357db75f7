import logistic from '#shaders/lib/logistic.wgsl?raw'
import code from '#shaders/losses/dpop.wgsl?raw'
import { definePairLoss } from '../ops/pair-loss'
import { allTokens } from './all-tokens'
import type { PairLoss } from './loss'
import { check, type PairLossOptions, readOptions } from './options'
import { pairTerm } from './pair-term'

export const dpopKernel = definePairLoss({
  name: 'dpop',
  code: [logistic, code],
  params: { beta: 'f32', penalty: 'f32' },
})

export interface DpopOptions extends PairLossOptions {
  /** What each nat costs by which the chosen answer is less likely than under the reference, λ. */
  readonly penalty?: number
}

/**
 * DPO-positive, which keeps the chosen answer likely: −log σ(β·(margin − λ·max(0, −chosen log-ratio))).
 * https://arxiv.org/abs/2402.13228.
 *
 * @throws {LossError} if an option is out of its range
 */
export function dpop(options: DpopOptions = {}): PairLoss {
  const { beta, tokens, penalty } = readOptions('dpop', options, {
    beta: 0.1,
    tokens: allTokens,
    penalty: 50,
  })
  check('dpop', 'penalty', penalty, penalty >= 0, '0 or more')
  const term = pairTerm({ name: 'dpop', kernel: dpopKernel, params: { beta, penalty }, tokens })
  return { kind: 'pairs', name: 'dpop', beta, terms: [term] }
}
