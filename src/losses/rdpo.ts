import logistic from '#shaders/lib/logistic.wgsl?raw'
import code from '#shaders/losses/rdpo.wgsl?raw'
import { definePairLoss } from '../ops/pair-loss'
import { allTokens } from './all-tokens'
import type { PairLoss } from './loss'
import { check, type PairLossOptions, readOptions } from './options'
import { pairTerm } from './pair-term'

export const rdpoKernel = definePairLoss({
  name: 'rdpo',
  code: [logistic, code],
  params: { beta: 'f32', alpha: 'f32' },
})

export interface RdpoOptions extends Pick<PairLossOptions, 'beta'> {
  /** What each token costs by which an answer is longer, α. */
  readonly alpha?: number
}

/**
 * DPO regularized by length: −log σ(β·margin + α·(L_c − L_r)), lengths in tokens. A longer chosen answer needs less of
 * a margin, so that its length is not what is learned. It takes all tokens: of drawn ones, both answers have as many.
 * https://arxiv.org/abs/2403.19159.
 *
 * @throws {LossError} if an option is out of its range
 */
export function rdpo(options: RdpoOptions = {}): PairLoss {
  const { beta, alpha } = readOptions('rdpo', options, { beta: 0.1, alpha: 0.01 })
  check('rdpo', 'alpha', alpha, alpha >= 0, '0 or more')
  const term = pairTerm({ name: 'rdpo', kernel: rdpoKernel, params: { beta, alpha }, tokens: allTokens })
  return { kind: 'pairs', name: 'rdpo', beta, terms: [term] }
}
