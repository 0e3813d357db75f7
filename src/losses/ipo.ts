import code from '#shaders/losses/ipo.wgsl?raw'
import { allTokens } from './all-tokens'
import { defineDivergentLoss, reverseKl } from './divergence'
import type { PairLoss } from './loss'
import { type DivergentOptions, readOptions } from './options'
import { pairTerm } from './pair-term'

export const ipoKernels = defineDivergentLoss({ name: 'ipo', code: [code], params: {} })

/**
 * The margin per token is pulled to a fixed value: (s(chosen) / L_c − s(rejected) / L_r − 1 / (2β))², with each side's score
 * divided by its length in tokens, as IPO's authors do. https://arxiv.org/abs/2310.12036 eq. 17; `ipo` in TRL.
 *
 * @throws {LossError} if an option is out of its range
 */
export function ipo(options: DivergentOptions = {}): PairLoss {
  const { beta, tokens, divergence } = readOptions('ipo', options, {
    beta: 0.1,
    tokens: allTokens,
    divergence: reverseKl,
  })
  const kernel = ipoKernels[divergence.score]
  const term = pairTerm({ name: 'ipo', kernel, params: { beta, power: divergence.power }, tokens })
  return { kind: 'pairs', name: 'ipo', beta, terms: [term] }
}
