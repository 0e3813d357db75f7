import fold from '#shaders/lib/fold.wgsl?raw'
import rowSum from '#shaders/lib/row-sum.wgsl?raw'
import code from '#shaders/unit-rows.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import type { Tape } from './tape'

export const unitRowsForward = defineKernel({
  name: 'unit-rows',
  code: [fold, rowSum, code],
  params: { N: 'u32', C: 'u32' },
  bindings: { x: read('f32', 'N C'), y: write('f32', 'N C') },
  workgroups: ({ N }) => [N],
})

/**
 * Rows at length 1: x [N, C] → x / max(‖x‖, 1e-12) [N, C], as `torch.nn.functional.normalize` has it; rows whose
 * squares sum to 2¹²⁸ overflow. Forward only.
 */
export function unitRows(tape: Tape, x: Tensor): Tensor {
  const y = tape.tensor(x.shape)
  tape.gpu.run(unitRowsForward, { x, y }, {})
  return y
}
