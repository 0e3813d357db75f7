import logistic from '#shaders/lib/logistic.wgsl?raw'
import code from '#shaders/losses/apo-zero.wgsl?raw'
import { definePairLoss } from '../ops/pair-loss'
import { allTokens } from './all-tokens'
import type { PairLoss } from './loss'
import { type PairLossOptions, readOptions } from './options'
import { pairTerm } from './pair-term'

export const apoZeroKernel = definePairLoss({
  name: 'apo-zero',
  code: [logistic, code],
  params: { beta: 'f32' },
})

/**
 * Anchored preference optimization, for chosen answers that are better than the model's own: 1 − σ(β·chosen) +
 * σ(β·rejected), of log-ratios. https://arxiv.org/abs/2408.06266 eq. 7; `apo_zero` in TRL.
 *
 * @throws {LossError} if an option is out of its range
 */
export function apoZero(options: PairLossOptions = {}): PairLoss {
  const { beta, tokens } = readOptions('apo-zero', options, { beta: 0.1, tokens: allTokens })
  const term = pairTerm({ name: 'apo_zero', kernel: apoZeroKernel, params: { beta }, tokens })
  return { kind: 'pairs', name: 'apo-zero', beta, terms: [term] }
}
