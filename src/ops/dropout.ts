import dropoutCode from '#shaders/dropout.wgsl?raw'
import hash from '#shaders/lib/counter-hash.wgsl?raw'
import fold from '#shaders/lib/fold.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'

/** Values left out at random, the others scaled so that the mean stays. */
export interface Dropout {
  /** Share that is left out, from 0 to below 1. */
  readonly rate: number
  /** u32 [1]: the same seed leaves the same out. Data, so that a recording replays with another. */
  readonly seed: Tensor
}

export const dropoutKernel = defineKernel({
  name: 'dropout',
  code: [fold, hash, dropoutCode],
  params: {
    N: 'u32',
    C: 'u32',
    stream: 'u32',
    threshold: 'u32',
    scale: 'f32',
    dropped: 'u32',
    accumulate: 'u32',
  },
  bindings: { seed: read('u32', '1'), x: read('f32', 'N C'), y: write('f32', 'N C') },
  workgroups: ({ N, C }) => [Math.ceil((N * C) / 64)],
})

export interface DropoutOptions {
  /** Tells apart what shares a seed. */
  readonly stream: number
  /** Whether to take what is left over: x − mask·x / (1 − rate). */
  readonly dropped?: boolean
  /** Whether to add to what `y` holds. */
  readonly accumulate?: boolean
}

/**
 * y = mask·x / (1 − rate) (+ y): x, y [N, C]. The mask depends on seed, stream and place alone, so that nothing is kept
 * for the backward pass, which is the same of dy. https://jmlr.org/papers/v15/srivastava14a.html
 */
export function dropInputs(
  gpu: Gpu,
  { rate, seed }: Dropout,
  x: Tensor,
  y: Tensor,
  { stream, dropped = false, accumulate = false }: DropoutOptions,
): void {
  if (!(rate >= 0 && rate < 1)) throw new RangeError(`dropout: rate is ${rate}, expected 0 to below 1`)
  const flags = { dropped: dropped ? 1 : 0, accumulate: accumulate ? 1 : 0 }
  const threshold = Math.min(Math.round(rate * 2 ** 32), 0xffffffff)
  gpu.run(dropoutKernel, { seed, x, y }, { stream, threshold, scale: 1 / (1 - rate), ...flags })
}
