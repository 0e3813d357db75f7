import logistic from '#shaders/lib/logistic.wgsl?raw'
import smoothed from '#shaders/lib/smoothed.wgsl?raw'
import code from '#shaders/losses/aot-unpaired.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'
import { allTokens } from './all-tokens'
import type { PairLoss } from './loss'
import { type PairLossOptions, readOptions, type SmoothedOptions, smoothing } from './options'
import { sumsTerm } from './pair-term'

export const aotUnpairedKernel = defineKernel({
  name: 'aot-unpaired',
  code: [logistic, smoothed, code],
  params: { N: 'u32', beta: 'f32', kept: 'f32', flipped: 'f32' },
  bindings: {
    sums: read('f32', 'S 2'),
    sorted: write('f32', '2 N'),
    values: write('f32', 'N'),
    slopes: write('f32', 'S'),
  },
  workgroups: () => [1],
})

/**
 * Alignment by optimal transport between the batch's chosen and its rejected log-ratios, each sorted by itself; the
 * logistic loss of their differences, smoothed as cDPO's. https://arxiv.org/abs/2406.05882; `aot_unpaired` in TRL.
 *
 * @throws {LossError} if an option is out of its range
 */
export function aotUnpaired(options: PairLossOptions & SmoothedOptions = {}): PairLoss {
  const { beta, tokens, labelSmoothing } = readOptions('aot-unpaired', options, {
    beta: 0.1,
    tokens: allTokens,
    labelSmoothing: 0,
  })
  const params = { beta, ...smoothing('aot-unpaired', labelSmoothing) }
  const about = { name: 'aot_unpaired', tokens, wholeBatch: true }
  const term = sumsTerm(about, (gpu, { values }, sums, slopes) => {
    using sorted = gpu.empty([2, values.size])
    gpu.run(aotUnpairedKernel, { sums, sorted, values, slopes }, params)
  })
  return { kind: 'pairs', name: 'aot-unpaired', beta, terms: [term] }
}
