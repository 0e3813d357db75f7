import { adamw8bit, BLOCK } from '../ops/adamw-8bit'
import { type AdamWOptions, adamWSettings } from './adamw'
import type { OptimizerKind } from './optimizer'
import { optimizerKind } from './optimizer-recording'

/**
 * AdamW that keeps two bytes for each value trained, a quarter of `adamW`'s memory: blocks of 256 values share a
 * largest number, and each is a share of it on a scale that is fine near 1 and reaches down seven decades, as in
 * bitsandbytes. https://arxiv.org/abs/2110.02861
 *
 * It differs from bitsandbytes in three points, which make embeddings and other sparse gradients safe: the second
 * moment is kept as its root, which spans twice as many decades; it never becomes zero by rounding; and it is rounded
 * at random (by a counter, so the same each time), since a step's change is less than the distance of two codes.
 * Arenas of any size are kept in 8 bits.
 *
 * @throws {TrainingError} for an option out of range
 */
export function adamW8bit(options: AdamWOptions = {}): OptimizerKind {
  const { weightDecay, beta1, beta2, epsilon } = adamWSettings('adamW8bit', options)
  return optimizerKind<'m' | 'v' | 'peaks'>({
    name: 'adamW8bit',
    weightDecay,
    block: BLOCK,
    keep: (gpu, N) => {
      const blocks = Math.ceil(N / BLOCK)
      const codes = () => gpu.zeros([blocks, BLOCK / 4], 'u32')
      return { m: codes(), v: codes(), peaks: gpu.zeros([blocks, 2]) }
    },
    scalars: (step, learningRate) => [learningRate, 1 - beta1 ** step, 1 - beta2 ** step, step],
    update: (gpu, { values, grads, decays }, tensors) =>
      gpu.run(
        adamw8bit,
        { p: values, grads, ...tensors },
        { a1: 1 - beta1, a2: 1 - beta2, eps: epsilon, decay: decays ? weightDecay : 0 },
      ),
  })
}
