import code from '#shaders/losses/hinge.wgsl?raw'
import { allTokens } from './all-tokens'
import { defineDivergentLoss, reverseKl } from './divergence'
import type { PairLoss } from './loss'
import { type DivergentOptions, readOptions } from './options'
import { pairTerm } from './pair-term'

export const hingeKernels = defineDivergentLoss({ name: 'hinge', code: [code], params: {} })

/**
 * Nothing is gained beyond a margin: max(0, 1 − β·margin). https://arxiv.org/abs/2305.10425, with DPO's rewards as in
 * https://arxiv.org/abs/2309.06657; `hinge` in TRL.
 *
 * @throws {LossError} if an option is out of its range
 */
export function hinge(options: DivergentOptions = {}): PairLoss {
  const { beta, tokens, divergence } = readOptions('hinge', options, {
    beta: 0.1,
    tokens: allTokens,
    divergence: reverseKl,
  })
  const kernel = hingeKernels[divergence.score]
  const term = pairTerm({ name: 'hinge', kernel, params: { beta, power: divergence.power }, tokens })
  return { kind: 'pairs', name: 'hinge', beta, terms: [term] }
}
