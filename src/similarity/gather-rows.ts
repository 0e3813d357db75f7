import code from '#shaders/gather-rows.wgsl?raw'
import fold from '#shaders/lib/fold.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'

const WORKGROUP_SIZE = 64

export const gatherRowsKernel = defineKernel({
  name: 'gather-rows',
  code: [fold, code],
  params: { M: 'u32', P: 'u32', at: 'u32' },
  bindings: { x: read('vec4f', 'B P'), rows: read('u32', 'M'), y: write('vec4f', 'K P') },
  overrides: { WORKGROUP_SIZE },
  workgroups: ({ M, P }) => [Math.ceil((M * P) / (4 * WORKGROUP_SIZE))],
})

/** Copies the rows of x [B, P] named by rows [M] to y [K, P] from row `at` on. P is a multiple of four. */
export function gatherRows(gpu: Gpu, x: Tensor, rows: Tensor, y: Tensor, at: number): void {
  gpu.run(gatherRowsKernel, { x, rows, y }, { at })
}
