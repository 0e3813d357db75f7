import { anchoredLoss, type LabelledOptions } from './labelled-term'
import type { LabelledLoss } from './loss'

/**
 * Kahneman-Tversky optimization, over answers that are desirable or not: w·(1 − σ(β(r − z))) and w·(1 − σ(β(z − r))), r
 * being the log-ratio, z the mean log-ratio of answers beside prompts that are not theirs, 0 at least, held fixed.
 * https://arxiv.org/abs/2402.01306; `kto` in TRL.
 *
 * @throws {LossError} if an option is out of its range
 */
export const kto = (options: LabelledOptions = {}): LabelledLoss =>
  anchoredLoss('kto', 'kto', { kl: true }, options)
