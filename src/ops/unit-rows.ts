import fold from '#shaders/lib/fold.wgsl?raw'
import rowsSum from '#shaders/lib/rows-sum.wgsl?raw'
import code from '#shaders/unit-rows.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { byRows, ofRows } from './row-kernels'
import type { Tape } from './tape'

export const unitRowsForward = byRows(({ code: value, element }, { LANES, ROWS }) =>
  defineKernel({
    name: 'unit-rows',
    code: [fold, value, rowsSum, code],
    params: { N: 'u32', C: 'u32' },
    bindings: { x: read(element, 'N C'), y: write(element, 'N C') },
    overrides: { LANES, ROWS },
    workgroups: ({ N }) => [Math.ceil(N / ROWS)],
  }),
)

/**
 * Rows at length 1: x [N, C] → x / max(‖x‖, 1e-12) [N, C], as `torch.nn.functional.normalize` has it; rows whose
 * squares sum to 2¹²⁸ overflow. Forward only.
 */
export function unitRows(tape: Tape, x: Tensor): Tensor {
  const y = tape.tensor(x.shape)
  tape.gpu.run(ofRows(unitRowsForward, tape.gpu, x.shape[1] ?? 0), { x, y }, {})
  return y
}
