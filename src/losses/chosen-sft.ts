import type { PairLoss } from './loss'
import { readOptions } from './options'
import { nll } from './sft'

/**
 * Supervised fine-tuning on the chosen answers of pairs: their mean negative log-likelihood over all tokens of an
 * optimizer step, in nats. `sft` among TRL's losses of DPO, whose mean is over each micro-batch.
 *
 * @throws {LossError} if β, which only reported rewards have, is not above 0
 */
export function chosenSft(options: { readonly beta?: number } = {}): PairLoss {
  const { beta } = readOptions('sft', options, { beta: 0.1 })
  return { kind: 'pairs', name: 'sft', beta, terms: [nll] }
}
