import { allTokens } from './all-tokens'
import { reverseKl } from './divergence'
import { sigmoidTerm } from './dpo'
import type { PairLoss } from './loss'
import { type DivergentOptions, readOptions, type SmoothedOptions, smoothing } from './options'

/**
 * Conservative DPO, for labels that are wrong now and then: −(1 − ε) log σ(β·margin) − ε log σ(−β·margin).
 * https://ericmitchell.ai/cdpo.pdf; `label_smoothing` of TRL's `sigmoid` until 0.28.
 *
 * @throws {LossError} if an option is out of its range
 */
export function cdpo(options: DivergentOptions & SmoothedOptions = {}): PairLoss {
  const { labelSmoothing, ...read } = readOptions('cdpo', options, {
    beta: 0.1,
    tokens: allTokens,
    divergence: reverseKl,
    labelSmoothing: 0.1,
  })
  const term = sigmoidTerm('cdpo', { ...read, ...smoothing('cdpo', labelSmoothing) })
  return { kind: 'pairs', name: 'cdpo', beta: read.beta, terms: [term] }
}
