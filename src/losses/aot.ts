import logistic from '#shaders/lib/logistic.wgsl?raw'
import smoothed from '#shaders/lib/smoothed.wgsl?raw'
import code from '#shaders/losses/aot.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'
import { allTokens } from './all-tokens'
import type { PairLoss } from './loss'
import { type PairLossOptions, readOptions, type SmoothedOptions, smoothing } from './options'
import { sumsTerm } from './pair-term'

export const aotKernel = defineKernel({
  name: 'aot',
  code: [logistic, smoothed, code],
  params: { N: 'u32', beta: 'f32', kept: 'f32', flipped: 'f32' },
  bindings: { sums: read('f32', 'S 2'), values: write('f32', 'N'), slopes: write('f32', 'S') },
  workgroups: () => [1],
})

/**
 * Alignment by optimal transport: the batch's margins of log-probs, sorted, beside the reference's, sorted, so that
 * distributions are compared and not pairs; the logistic loss of their differences, smoothed as cDPO's.
 * https://arxiv.org/abs/2406.05882; `aot` in TRL.
 *
 * @throws {LossError} if an option is out of its range
 */
export function aot(options: PairLossOptions & SmoothedOptions = {}): PairLoss {
  const { beta, tokens, labelSmoothing } = readOptions('aot', options, {
    beta: 0.1,
    tokens: allTokens,
    labelSmoothing: 0,
  })
  const params = { beta, ...smoothing('aot', labelSmoothing) }
  const term = sumsTerm({ name: 'aot', tokens, wholeBatch: true }, (gpu, { values }, sums, slopes) => {
    gpu.run(aotKernel, { sums, values, slopes }, params)
  })
  return { kind: 'pairs', name: 'aot', beta, terms: [term] }
}
