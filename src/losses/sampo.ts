import { averaged } from './averaged'
import { dpo } from './dpo'
import type { PairLoss } from './loss'
import { check, readOptions } from './options'
import { sampled } from './sampled'

export interface SampoOptions {
  readonly beta?: number
  /** `mean` takes each answer's mean in place of a draw; see `averaged`. The others: see `sampled`. */
  readonly draw?: 'shared' | 'independent' | 'mean'
}

/**
 * DPO with the longer answer down-sampled to the shorter one's length T_m: T_m of its tokens are drawn uniformly
 * without replacement, anew each epoch. A token's policy and reference log-prob enter together (one shared draw),
 * so a model equal to its reference has margin 0. https://arxiv.org/abs/2406.10957 eq. 10.
 *
 * @throws {LossError} if an option is out of its range
 */
export function sampo(options: SampoOptions = {}): PairLoss {
  const { beta, draw } = readOptions<Required<SampoOptions>>('sampo', options, { beta: 0.1, draw: 'shared' })
  const known = draw === 'shared' || draw === 'independent' || draw === 'mean'
  check('sampo', 'draw', draw, known, 'shared, independent or mean')
  return { ...dpo({ beta, tokens: draw === 'mean' ? averaged() : sampled({ draw }) }), name: 'sampo' }
}
