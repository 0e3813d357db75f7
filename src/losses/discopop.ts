import code from '#shaders/losses/discopop.wgsl?raw'
import { allTokens } from './all-tokens'
import { defineDivergentLoss, reverseKl } from './divergence'
import type { PairLoss } from './loss'
import { check, type DivergentOptions, readOptions } from './options'
import { pairTerm } from './pair-term'

export const discopopKernels = defineDivergentLoss({ name: 'discopop', code: [code], params: { tau: 'f32' } })

export interface DiscopopOptions extends DivergentOptions {
  /** How wide the change from one part to the other is, τ. */
  readonly tau?: number
}

/**
 * The loss that a search found, logistic and exponential: −log σ(x)·(1 − s) + e^−x·s with x = β·margin, s = σ(x / τ).
 * https://arxiv.org/abs/2406.08414 eq. 5; `discopop` in TRL.
 *
 * @throws {LossError} if an option is out of its range
 */
export function discopop(options: DiscopopOptions = {}): PairLoss {
  const { beta, tokens, divergence, tau } = readOptions('discopop', options, {
    beta: 0.1,
    tokens: allTokens,
    divergence: reverseKl,
    tau: 0.05,
  })
  check('discopop', 'tau', tau, tau > 0, 'a number above 0')
  const kernel = discopopKernels[divergence.score]
  const params = { beta, power: divergence.power, tau }
  return {
    kind: 'pairs',
    name: 'discopop',
    beta,
    terms: [pairTerm({ name: 'discopop', kernel, params, tokens })],
  }
}
