import reduce from '#shaders/lib/reduce.wgsl?raw'
import code from '#shaders/sequence-sums.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'

/** Weighted sums over each sequence's rows, [S, 2]: of the policy's log-probs, and of their log-ratios, in nats. */
export const sequenceSums = defineKernel({
  name: 'sequence-sums',
  code: [reduce, code],
  params: { S: 'u32' },
  bindings: {
    policy: read('f32', 'R'),
    reference: read('f32', 'R'),
    weights: read('f32', 'R 2'),
    spans: read('u32', 'S 2'),
    sums: write('f32', 'S 2'),
  },
  workgroups: ({ S }) => [S],
})
