import code from '#shaders/column-sums.wgsl?raw'
import fold from '#shaders/lib/fold.wgsl?raw'
import spread from '#shaders/spread-row.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'

const LANES = 16

/** y[n] = b in every row. */
export const spreadRow = defineKernel({
  name: 'spread-row',
  code: [fold, spread],
  params: { N: 'u32', O: 'u32' },
  bindings: { b: read('f32', 'O'), y: write('f32', 'N O') },
  workgroups: ({ N, O }) => [Math.ceil((N * O) / 256)],
})

/** Sums over rows. */
export const columnSum = defineKernel({
  name: 'column-sums',
  code: [code],
  params: { N: 'u32', O: 'u32', accumulate: 'u32' },
  bindings: { dy: read('f32', 'N O'), db: write('f32', 'O') },
  overrides: { LANES },
  workgroups: ({ O }) => [Math.ceil(O / LANES)],
})

/** Fills every row of y [N, O] with b [O]: where a product with a bias begins. */
export function spreadRows(gpu: Gpu, b: Tensor, y: Tensor): void {
  gpu.run(spreadRow, { b, y }, {})
}

/** db [O] = Σ over the rows of dy [N, O] (+ db): the gradient of a bias, summed in a fixed order. */
export function columnSums(gpu: Gpu, dy: Tensor, db: Tensor, { accumulate = false } = {}): void {
  gpu.run(columnSum, { dy, db }, { accumulate: accumulate ? 1 : 0 })
}
