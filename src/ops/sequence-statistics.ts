import reduce from '#shaders/lib/reduce.wgsl?raw'
import code from '#shaders/sequence-statistics.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'

/**
 * Columns of a sequence's statistics: weighted sums of log-probs and log-ratios, and over the tokens that count at all
 * how many they are, and sums of entropies, of mean logits, of targets with the largest logit, of log-probs less
 * log Σ p², and of log-probs. Log-probs and entropies in nats.
 */
export const STATISTICS = [
  'logp',
  'ratio',
  'tokens',
  'entropy',
  'meanLogit',
  'hits',
  'aligned',
  'plainLogp',
] as const

/** What is reported of each sequence, [S, 8]. */
export const sequenceStatistics = defineKernel({
  name: 'sequence-statistics',
  code: [reduce, code],
  params: { S: 'u32' },
  bindings: {
    policy: read('f32', 'R'),
    reference: read('f32', 'R'),
    weights: read('f32', 'R 2'),
    spans: read('u32', 'S 2'),
    tokens: read('vec4f', 'R 4'),
    statistics: write('f32', 'S 8'),
  },
  workgroups: ({ S }) => [S],
})
