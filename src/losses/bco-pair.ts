import logistic from '#shaders/lib/logistic.wgsl?raw'
import code from '#shaders/losses/bco-pair.wgsl?raw'
import { definePairLoss } from '../ops/pair-loss'
import { allTokens } from './all-tokens'
import type { PairLoss } from './loss'
import { type PairLossOptions, readOptions } from './options'
import { pairTerm } from './pair-term'

export const bcoPairKernel = definePairLoss({
  name: 'bco-pair',
  code: [logistic, code],
  params: { beta: 'f32' },
})

/**
 * Binary classifier optimization, one answer at a time: −log σ(β·chosen) − log σ(−β·rejected), of log-ratios.
 * https://arxiv.org/abs/2404.04656 without its reward shift; `bco_pair` in TRL.
 *
 * @throws {LossError} if an option is out of its range
 */
export function bcoPair(options: PairLossOptions = {}): PairLoss {
  const { beta, tokens } = readOptions('bco-pair', options, { beta: 0.1, tokens: allTokens })
  const term = pairTerm({ name: 'bco_pair', kernel: bcoPairKernel, params: { beta }, tokens })
  return { kind: 'pairs', name: 'bco-pair', beta, terms: [term] }
}
