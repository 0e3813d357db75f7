import { bcoPair } from './bco-pair'
import { chosenSft } from './chosen-sft'
import { combined } from './combined'
import { dpo } from './dpo'
import type { PairLoss } from './loss'
import type { PairLossOptions } from './options'

/**
 * Mixed preference optimization: 0.8 DPO + 0.2 BCO + the mean negative log-likelihood of the chosen answers' tokens.
 * https://arxiv.org/abs/2411.10442; the list `sigmoid`, `bco_pair`, `sft` with those weights in TRL.
 *
 * @throws {LossError} if an option is out of its range
 */
export const mpo = (options: PairLossOptions = {}): PairLoss => ({
  ...combined([
    [dpo(options), 0.8],
    [bcoPair(options), 0.2],
    [chosenSft(), 1],
  ]),
  name: 'mpo',
})
