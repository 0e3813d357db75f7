import reduce from '#shaders/lib/reduce.wgsl?raw'
import code from '#shaders/mean-ratio.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'

/** Adds the sequences' log-ratios, [S, 2] from `sequenceSums`, times a scale, to a total. */
export const meanRatio = defineKernel({
  name: 'mean-ratio',
  code: [reduce, code],
  params: { S: 'u32' },
  bindings: { sums: read('f32', 'S 2'), scale: read('f32', '1'), total: write('f32', '1') },
  workgroups: () => [1],
})
