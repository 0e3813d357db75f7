import logistic from '#shaders/lib/logistic.wgsl?raw'
import code from '#shaders/losses/apo-down.wgsl?raw'
import { definePairLoss } from '../ops/pair-loss'
import { allTokens } from './all-tokens'
import type { PairLoss } from './loss'
import { type PairLossOptions, readOptions } from './options'
import { pairTerm } from './pair-term'

export const apoDownKernel = definePairLoss({
  name: 'apo-down',
  code: [logistic, code],
  params: { beta: 'f32' },
})

/**
 * Anchored preference optimization, for chosen answers that are worse than the model's own: σ(β·chosen) + 1 −
 * σ(β·margin), of log-ratios. https://arxiv.org/abs/2408.06266 eq. 8; `apo_down` in TRL.
 *
 * @throws {LossError} if an option is out of its range
 */
export function apoDown(options: PairLossOptions = {}): PairLoss {
  const { beta, tokens } = readOptions('apo-down', options, { beta: 0.1, tokens: allTokens })
  const term = pairTerm({ name: 'apo_down', kernel: apoDownKernel, params: { beta }, tokens })
  return { kind: 'pairs', name: 'apo-down', beta, terms: [term] }
}
