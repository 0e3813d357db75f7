import * as ops from '../ops/sgd'
import { TrainingError } from './errors'
import type { OptimizerKind } from './optimizer'
import { checkFraction, checkNotNegative } from './optimizer-options'
import { optimizerKind } from './optimizer-recording'

export interface SgdOptions {
  /** Share of the last step's direction that is kept. With 0 nothing is kept, and no memory taken. */
  readonly momentum?: number
  /** Steps from where the momentum leads. */
  readonly nesterov?: boolean
  /** Added to the gradient of the arenas that decay: an L2 penalty. */
  readonly weightDecay?: number
}

/**
 * Stochastic gradient descent as torch.optim.SGD, without dampening.
 *
 * @throws {TrainingError} for an option out of range, or Nesterov's momentum without momentum
 */
export function sgd(options: SgdOptions = {}): OptimizerKind {
  const { momentum = 0, nesterov = false, weightDecay = 0 } = options
  checkFraction('sgd', { momentum })
  checkNotNegative('sgd', { weightDecay })
  if (nesterov && momentum === 0) {
    throw new TrainingError('sgd: nesterov needs momentum, which is 0. Set momentum, to 0.9 for example')
  }
  const name = 'sgd'
  const scalars = (_: number, learningRate: number) => [learningRate]
  if (momentum === 0) {
    return optimizerKind<never>({
      name,
      weightDecay,
      keep: () => ({}),
      scalars,
      update: (gpu, { values: p, grads, decays }, { norm, scalars: rate }) =>
        gpu.run(ops.sgd, { p, grads, norm, rate }, { decay: decays ? weightDecay : 0 }),
    })
  }
  const shares = nesterov ? { own: momentum, fresh: 1 } : { own: 1, fresh: 0 }
  return optimizerKind<'v'>({
    name,
    weightDecay,
    keep: (gpu, N) => ({ v: gpu.zeros([N]) }),
    scalars,
    update: (gpu, { values: p, grads, decays }, { v, norm, scalars: rate }) =>
      gpu.run(
        ops.sgdMomentum,
        { p, grads, v, norm, rate },
        { momentum, ...shares, decay: decays ? weightDecay : 0 },
      ),
  })
}
