import { allTokens } from './all-tokens'
import { sigmoidNormTerm } from './dpo-norm'
import type { PairLoss } from './loss'
import { type PairLossOptions, readOptions, type SmoothedOptions, smoothing } from './options'
import { withoutReference } from './without-reference'

export interface SimpoOptions extends PairLossOptions, SmoothedOptions {
  /** The margin that is aimed at, γ; γ / β is in nats per token. */
  readonly gamma?: number
}

/**
 * Simple preference optimization, without a reference model: −log σ(β·(mean log-prob of the chosen answer − of the
 * rejected one) − γ), smoothed as cDPO's. https://arxiv.org/abs/2405.14734 eq. 6; CPO's `simpo` with `cpo_alpha` 0 in TRL.
 *
 * @throws {LossError} if an option is out of its range
 */
export function simpo(options: SimpoOptions = {}): PairLoss {
  const { beta, tokens, gamma, labelSmoothing } = readOptions('simpo', options, {
    beta: 2,
    tokens: allTokens,
    gamma: 0.5,
    labelSmoothing: 0,
  })
  const term = sigmoidNormTerm('simpo', {
    beta,
    tokens: withoutReference(tokens),
    target: gamma,
    ...smoothing('simpo', labelSmoothing),
    usesReference: false,
  })
  return { kind: 'pairs', name: 'simpo', beta, terms: [term], averaged: true }
}
