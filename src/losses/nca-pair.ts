import logistic from '#shaders/lib/logistic.wgsl?raw'
import code from '#shaders/losses/nca-pair.wgsl?raw'
import { definePairLoss } from '../ops/pair-loss'
import { allTokens } from './all-tokens'
import type { PairLoss } from './loss'
import { type PairLossOptions, readOptions } from './options'
import { pairTerm } from './pair-term'

export const ncaPairKernel = definePairLoss({
  name: 'nca-pair',
  code: [logistic, code],
  params: { beta: 'f32' },
})

/**
 * Noise contrastive alignment for two answers: −log σ(a) − ½ log σ(−a) − ½ log σ(−b), a and b being β times the
 * log-ratios. https://arxiv.org/abs/2402.05369; `nca_pair` in TRL.
 *
 * @throws {LossError} if an option is out of its range
 */
export function ncaPair(options: PairLossOptions = {}): PairLoss {
  const { beta, tokens } = readOptions('nca-pair', options, { beta: 0.1, tokens: allTokens })
  const term = pairTerm({ name: 'nca_pair', kernel: ncaPairKernel, params: { beta }, tokens })
  return { kind: 'pairs', name: 'nca-pair', beta, terms: [term] }
}
