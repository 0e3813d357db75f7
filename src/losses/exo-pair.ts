import code from '#shaders/losses/exo-pair.wgsl?raw'
import { allTokens } from './all-tokens'
import { defineDivergentLoss, reverseKl } from './divergence'
import type { PairLoss } from './loss'
import { check, type DivergentOptions, readOptions, type SmoothedOptions } from './options'
import { pairTerm } from './pair-term'

export const exoPairKernels = defineDivergentLoss({
  name: 'exo-pair',
  code: [code],
  params: { log_kept: 'f32', log_flipped: 'f32' },
})

/**
 * Efficient exact optimization for two answers: the reverse KL divergence of (q, 1 − q), q = σ(β·margin), from
 * (1 − ε, ε). https://arxiv.org/abs/2402.00856 eq. 16; `exo_pair` in TRL.
 *
 * @throws {LossError} if an option is out of its range; at ε = 0 the divergence has no end
 */
export function exoPair(options: DivergentOptions & SmoothedOptions = {}): PairLoss {
  const { beta, tokens, divergence, labelSmoothing } = readOptions('exo-pair', options, {
    beta: 0.1,
    tokens: allTokens,
    divergence: reverseKl,
    labelSmoothing: 1e-3,
  })
  const holds = labelSmoothing > 0 && labelSmoothing < 0.5
  check('exo-pair', 'labelSmoothing', labelSmoothing, holds, 'more than 0 and less than 0.5')
  const term = pairTerm({
    name: 'exo_pair',
    kernel: exoPairKernels[divergence.score],
    params: {
      beta,
      power: divergence.power,
      log_kept: Math.log1p(-labelSmoothing),
      log_flipped: Math.log(labelSmoothing),
    },
    tokens,
  })
  return { kind: 'pairs', name: 'exo-pair', beta, terms: [term] }
}
