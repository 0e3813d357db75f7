import logistic from '#shaders/losses/logistic.wgsl?raw'
import { definePreferenceLoss } from '../ops/preference-loss'
import type { PreferenceLoss } from './loss'

export const logisticKernel = definePreferenceLoss(logistic)

/**
 * Direct preference optimization: −log σ(β·margin), with the margin summed over all answer tokens, in nats.
 * https://arxiv.org/abs/2305.18290 eq. 7; `sigmoid` in TRL.
 */
export const dpo = ({ beta = 0.1 } = {}): PreferenceLoss => ({
  name: 'dpo',
  beta,
  kernel: logisticKernel,
  weights: (chosen, rejected) => ({
    chosen: new Float32Array(chosen).fill(1),
    rejected: new Float32Array(rejected).fill(1),
  }),
})
