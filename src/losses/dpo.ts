import smoothed from '#shaders/lib/smoothed.wgsl?raw'
import code from '#shaders/losses/sigmoid.wgsl?raw'
import { allTokens } from './all-tokens'
import { type Divergence, defineDivergentLoss, reverseKl } from './divergence'
import type { LossTerm, PairLoss, TokenChoice } from './loss'
import { type DivergentOptions, readOptions } from './options'
import { pairTerm } from './pair-term'

export const sigmoidKernels = defineDivergentLoss({
  name: 'sigmoid',
  code: [smoothed, code],
  params: { kept: 'f32', flipped: 'f32' },
})

/** kept·−log σ(h) + flipped·−log σ(−h), h being β times the margin of the answers' scores. */
export const sigmoidTerm = (
  name: string,
  {
    beta,
    tokens,
    divergence = reverseKl,
    kept = 1,
    flipped = 0,
    usesReference = true,
  }: {
    readonly beta: number
    readonly tokens: TokenChoice
    readonly divergence?: Divergence
    readonly kept?: number
    readonly flipped?: number
    readonly usesReference?: boolean
  },
): LossTerm =>
  pairTerm({
    name,
    kernel: sigmoidKernels[divergence.score],
    params: { beta, power: divergence.power, kept, flipped },
    tokens,
    usesReference,
  })

/**
 * Direct preference optimization: −log σ(β·margin), the margin of the answers' log-ratios summed over their tokens, in
 * nats. https://arxiv.org/abs/2305.18290 eq. 7; `sigmoid` in TRL.
 *
 * @throws {LossError} if an option is out of its range
 */
export function dpo(options: DivergentOptions = {}): PairLoss {
  const read = readOptions('dpo', options, { beta: 0.1, tokens: allTokens, divergence: reverseKl })
  return { kind: 'pairs', name: 'dpo', beta: read.beta, terms: [sigmoidTerm('sigmoid', read)] }
}
