import fold from '#shaders/lib/fold.wgsl?raw'
import code from '#shaders/window-ranges.wgsl?raw'
import { ShapeError } from '../gpu/errors'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import type { Tape } from './tape'

const WORKGROUP_SIZE = 64

export const windowRangesKernel = defineKernel({
  name: 'window-ranges',
  code: [fold, code],
  params: { T: 'u32', window: 'u32' },
  bindings: { ranges: read('vec4u', 'T 4'), y: write('vec4u', 'T 4') },
  overrides: { WORKGROUP_SIZE },
  workgroups: ({ T }) => [Math.ceil(T / WORKGROUP_SIZE)],
})

/**
 * Ranges of sliding-window attention: causal ranges u32 [T, 4] of `packRanges` → ranges u32 [T, 4] in which a token
 * sees the last `window` tokens of its sequence, itself among them. The same as `sliding_window` in transformers.
 *
 * @throws {ShapeError} for a window that is not a positive integer
 */
export function windowRanges(tape: Tape, ranges: Tensor, window: number): Tensor {
  if (!Number.isInteger(window) || window < 1 || window >= 2 ** 32) {
    throw new ShapeError(`windowRanges: a window of ${window} tokens, expected a positive integer`)
  }
  const y = tape.tensor(ranges.shape, 'u32')
  tape.gpu.run(windowRangesKernel, { ranges, y }, { window })
  return y
}
