import fold from '#shaders/lib/fold.wgsl?raw'
import code from '#shaders/scatter-rows.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { byWidth, ofWidth } from './row-kernels'

export const scatterRowsForward = byWidth(({ code: value, element, width }) =>
  defineKernel({
    name: 'scatter-rows',
    code: [fold, value, code],
    params: { N: 'u32', C: 'u32', S: 'u32' },
    bindings: { x: read(element, 'N C'), slots: read('u32', 'N'), y: write(element, 'S C') },
    workgroups: ({ N, C }) => [Math.ceil((N * C) / (64 * width))],
  }),
)

/** Writes rows of x [N, C] to rows `slots` u32 [N] of y [S, C]. Slots must be distinct; those ≥ S are left out. */
export function scatterRows(gpu: Gpu, x: Tensor, slots: Tensor, y: Tensor): void {
  gpu.run(ofWidth(scatterRowsForward, x.shape[1] ?? 0), { x, slots, y }, {})
}
