import code from '#shaders/losses/sppo-hard.wgsl?raw'
import { definePairLoss } from '../ops/pair-loss'
import { allTokens } from './all-tokens'
import type { PairLoss } from './loss'
import { type PairLossOptions, readOptions } from './options'
import { pairTerm } from './pair-term'

export const sppoHardKernel = definePairLoss({ name: 'sppo-hard', code: [code], params: { beta: 'f32' } })

/**
 * Self-play preference optimization with probabilities of 1 and 0: (chosen − 1 / (2β))² + (rejected + 1 / (2β))², of
 * log-ratios in nats. https://arxiv.org/abs/2405.00675 eq. 4.7; `sppo_hard` in TRL.
 *
 * @throws {LossError} if an option is out of its range
 */
export function sppoHard(options: PairLossOptions = {}): PairLoss {
  const { beta, tokens } = readOptions('sppo-hard', options, { beta: 0.1, tokens: allTokens })
  const term = pairTerm({ name: 'sppo_hard', kernel: sppoHardKernel, params: { beta }, tokens })
  return { kind: 'pairs', name: 'sppo-hard', beta, terms: [term] }
}
