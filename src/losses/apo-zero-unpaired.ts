import { anchoredLoss, type LabelledOptions } from './labelled-term'
import type { LabelledLoss } from './loss'

/**
 * `apoZero` over answers that are desirable or not: w·(1 − σ(β·r)) and w·σ(β·r), r being the log-ratio.
 * https://arxiv.org/abs/2408.06266 eq. 7; `apo_zero_unpaired` in TRL's KTO.
 *
 * @throws {LossError} if an option is out of its range
 */
export const apoZeroUnpaired = (options: LabelledOptions = {}): LabelledLoss =>
  anchoredLoss('apo-zero-unpaired', 'apo_zero_unpaired', { kl: false }, options)
