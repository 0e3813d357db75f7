import { logisticKernel } from './dpo'
import { drawTokens } from './draw'
import type { PreferenceLoss } from './loss'

/**
 * DPO with the longer answer down-sampled to the shorter one's length T_m: T_m of its tokens are drawn uniformly
 * without replacement, anew each epoch. A token's policy and reference log-prob enter together (one shared draw),
 * so a model equal to its reference has margin 0. https://arxiv.org/abs/2406.10957 eq. 10.
 */
export const sampo = ({ beta = 0.1 } = {}): PreferenceLoss => ({
  name: 'sampo',
  beta,
  kernel: logisticKernel,
  weights: (chosen, rejected, key) => {
    const count = Math.min(chosen, rejected)
    return { chosen: drawTokens(chosen, count, key, 0), rejected: drawTokens(rejected, count, key, 1) }
  },
})
