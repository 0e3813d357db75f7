import code from '#shaders/spread-slopes.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'

/** Adds the slopes of sequences' weighted sums, [S], to the gradients of their rows, [R]. */
export const spreadSlopes = defineKernel({
  name: 'spread-slopes',
  code: [code],
  params: { S: 'u32' },
  bindings: {
    slopes: read('f32', 'S'),
    weights: read('f32', 'R 2'),
    spans: read('u32', 'S 2'),
    scale: read('f32', '1'),
    gradient: write('f32', 'R'),
  },
  workgroups: ({ S }) => [S],
})
