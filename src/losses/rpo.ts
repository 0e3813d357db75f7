import { chosenSft } from './chosen-sft'
import { combined } from './combined'
import { dpo } from './dpo'
import type { PairLoss } from './loss'
import { check, type DivergentOptions, readOptions } from './options'

export interface RpoOptions extends DivergentOptions {
  /** Weight of the chosen answers' negative log-likelihood, α. */
  readonly alpha?: number
}

/**
 * DPO and α times the mean negative log-likelihood of the chosen answers' tokens. https://arxiv.org/abs/2404.19733 eq. 1,
 * where the latter is a mean per answer; `rpo_alpha` in TRL until 0.28, then the list `sigmoid`, `sft`.
 *
 * @throws {LossError} if an option is out of its range
 */
export function rpo({ alpha = 1, ...options }: RpoOptions = {}): PairLoss {
  readOptions('rpo', { alpha }, { alpha })
  check('rpo', 'alpha', alpha, alpha >= 0, '0 or more')
  return {
    ...combined([
      [dpo(options), 1],
      [chosenSft(), alpha],
    ]),
    name: 'rpo',
  }
}
