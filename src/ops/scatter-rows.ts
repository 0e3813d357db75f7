import fold from '#shaders/lib/fold.wgsl?raw'
import code from '#shaders/scatter-rows.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'

export const scatterRowsForward = defineKernel({
  name: 'scatter-rows',
  code: [fold, code],
  params: { N: 'u32', C: 'u32', S: 'u32' },
  bindings: { x: read('f32', 'N C'), slots: read('u32', 'N'), y: write('f32', 'S C') },
  workgroups: ({ N, C }) => [Math.ceil((N * C) / 64)],
})

/** Writes rows of x [N, C] to rows `slots` u32 [N] of y [S, C]. Slots must be distinct; those ≥ S are left out. */
export function scatterRows(gpu: Gpu, x: Tensor, slots: Tensor, y: Tensor): void {
  gpu.run(scatterRowsForward, { x, slots, y }, {})
}
