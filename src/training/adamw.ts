import { adamw } from '../ops/adamw'
import type { OptimizerKind } from './optimizer'
import { checkFraction, checkNotNegative, checkPositive } from './optimizer-options'
import { optimizerKind } from './optimizer-recording'

export interface AdamWOptions {
  /** Applied to the arenas that decay; decoupled from the gradient. */
  readonly weightDecay?: number
  readonly beta1?: number
  readonly beta2?: number
  readonly epsilon?: number
}

/**
 * AdamW with torch's defaults, but no weight decay. Keeps two f32 values for each one trained.
 * https://arxiv.org/abs/1711.05101
 *
 * @throws {TrainingError} for an option out of range
 */
export function adamW(options: AdamWOptions = {}): OptimizerKind {
  const { weightDecay, beta1, beta2, epsilon } = adamWSettings('adamW', options)
  return optimizerKind<'m' | 'v'>({
    name: 'adamW',
    weightDecay,
    keep: (gpu, N) => ({ m: gpu.zeros([N]), v: gpu.zeros([N]) }),
    scalars: (step, learningRate) => [learningRate, 1 - beta1 ** step, 1 - beta2 ** step],
    update: (gpu, { values, grads, decays }, tensors) =>
      gpu.run(
        adamw,
        { p: values, grads, ...tensors },
        { a1: 1 - beta1, a2: 1 - beta2, eps: epsilon, decay: decays ? weightDecay : 0 },
      ),
  })
}

/** The options with what is not given filled in. @throws {TrainingError} for one out of range */
export function adamWSettings(optimizer: string, options: AdamWOptions): Required<AdamWOptions> {
  const { weightDecay = 0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options
  checkNotNegative(optimizer, { weightDecay })
  checkFraction(optimizer, { beta1, beta2 })
  checkPositive(optimizer, { epsilon })
  return { weightDecay, beta1, beta2, epsilon }
}
