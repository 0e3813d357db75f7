import * as ops from '../ops/lion'
import type { OptimizerKind } from './optimizer'
import { checkFraction, checkNotNegative } from './optimizer-options'
import { optimizerKind } from './optimizer-recording'

export interface LionOptions {
  readonly beta1?: number
  readonly beta2?: number
  /** Applied to the arenas that decay; decoupled from the gradient. */
  readonly weightDecay?: number
}

/**
 * Lion: every value moves by the learning rate, in the direction of the momentum's sign. Keeps one f32 value for each
 * one trained. It wants a learning rate three to ten times smaller than AdamW's, and as many times the weight decay.
 * Clipping changes only how fast the momentum turns. https://arxiv.org/abs/2302.06675
 *
 * @throws {TrainingError} for an option out of range
 */
export function lion({ beta1 = 0.9, beta2 = 0.99, weightDecay = 0 }: LionOptions = {}): OptimizerKind {
  checkFraction('lion', { beta1, beta2 })
  checkNotNegative('lion', { weightDecay })
  return optimizerKind<'m'>({
    name: 'lion',
    weightDecay,
    keep: (gpu, N) => ({ m: gpu.zeros([N]) }),
    scalars: (_, learningRate) => [learningRate],
    update: (gpu, { values: p, grads, decays }, { m, norm, scalars: rate }) =>
      gpu.run(
        ops.lion,
        { p, grads, m, norm, rate },
        { a1: 1 - beta1, a2: 1 - beta2, decay: decays ? weightDecay : 0 },
      ),
  })
}
