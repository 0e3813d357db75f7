import smoothed from '#shaders/lib/smoothed.wgsl?raw'
import code from '#shaders/losses/sigmoid-norm.wgsl?raw'
import { allTokens } from './all-tokens'
import { type Divergence, defineDivergentLoss, reverseKl } from './divergence'
import type { LossTerm, PairLoss, TokenChoice } from './loss'
import { type DivergentOptions, readOptions } from './options'
import { pairTerm } from './pair-term'

export const sigmoidNormKernels = defineDivergentLoss({
  name: 'sigmoid-norm',
  code: [smoothed, code],
  params: { target_margin: 'f32', kept: 'f32', flipped: 'f32' },
})

/** As `sigmoidTerm`, with scores per token and a margin that is aimed at. */
export const sigmoidNormTerm = (
  name: string,
  {
    beta,
    tokens,
    divergence = reverseKl,
    target = 0,
    kept = 1,
    flipped = 0,
    usesReference = true,
  }: {
    readonly beta: number
    readonly tokens: TokenChoice
    readonly divergence?: Divergence
    /** Taken off β times the margin. */
    readonly target?: number
    readonly kept?: number
    readonly flipped?: number
    readonly usesReference?: boolean
  },
): LossTerm =>
  pairTerm({
    name,
    kernel: sigmoidNormKernels[divergence.score],
    params: { beta, power: divergence.power, target_margin: target, kept, flipped },
    tokens,
    usesReference,
  })

/**
 * DPO on log-ratios per token: −log σ(β·(s(chosen) / L_c − s(rejected) / L_r)). As the margin is one of means, β is
 * larger than DPO's: Tulu 3 has 5. https://arxiv.org/abs/2411.15124; `sigmoid_norm` in TRL, `dpo_norm` in
 * open-instruct.
 *
 * @throws {LossError} if an option is out of its range
 */
export function dpoNorm(options: DivergentOptions = {}): PairLoss {
  const read = readOptions('dpo-norm', options, { beta: 5, tokens: allTokens, divergence: reverseKl })
  return { kind: 'pairs', name: 'dpo-norm', beta: read.beta, terms: [sigmoidNormTerm('sigmoid_norm', read)] }
}
