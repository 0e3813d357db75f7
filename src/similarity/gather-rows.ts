import code from '#shaders/gather-rows.wgsl?raw'
import fold from '#shaders/lib/fold.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'

const WORKGROUP_SIZE = 64

export const gatherRowsKernel = defineKernel({
  name: 'gather-rows',
  code: [fold, code],
  params: { M: 'u32', V: 'u32', at: 'u32' },
  bindings: { x: read('vec2u', 'B V'), rows: read('u32', 'M'), y: write('vec2u', 'K V') },
  overrides: { WORKGROUP_SIZE },
  cost: ({ M, V }) => ({ bytes: 4 * M * (1 + 2 * V) }),
  workgroups: ({ M, V }) => [Math.ceil((M * V) / (2 * WORKGROUP_SIZE))],
})

/** Copies the rows of x [B, V] named by rows [M] to y [K, V] from row `at` on. V is even. */
export function gatherRows(gpu: Gpu, x: Tensor, rows: Tensor, y: Tensor, at: number): void {
  gpu.run(gatherRowsKernel, { x, rows, y }, { at })
}
