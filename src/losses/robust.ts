import { allTokens } from './all-tokens'
import { reverseKl } from './divergence'
import { sigmoidTerm } from './dpo'
import type { PairLoss } from './loss'
import { type DivergentOptions, readOptions, type SmoothedOptions, smoothing } from './options'

/**
 * DPO whose mean is that of the true labels, where a share ε of them was flipped by chance:
 * (−(1 − ε) log σ(β·margin) + ε log σ(−β·margin)) / (1 − 2ε). It may be below 0.
 * https://arxiv.org/abs/2403.00409; `robust` in TRL.
 *
 * @throws {LossError} if an option is out of its range
 */
export function robust(options: DivergentOptions & SmoothedOptions = {}): PairLoss {
  const { labelSmoothing, ...read } = readOptions('robust', options, {
    beta: 0.1,
    tokens: allTokens,
    divergence: reverseKl,
    labelSmoothing: 0.1,
  })
  const { kept, flipped } = smoothing('robust', labelSmoothing)
  const rest = kept - flipped
  const term = sigmoidTerm('robust', { ...read, kept: kept / rest, flipped: -flipped / rest })
  return { kind: 'pairs', name: 'robust', beta: read.beta, terms: [term] }
}
