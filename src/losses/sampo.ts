import { dpo } from './dpo'
import type { PairLoss } from './loss'
import { sampled } from './sampled'

/**
 * DPO with the longer answer down-sampled to the shorter one's length T_m: T_m of its tokens are drawn uniformly
 * without replacement, anew each epoch. A token's policy and reference log-prob enter together (one shared draw),
 * so a model equal to its reference has margin 0. https://arxiv.org/abs/2406.10957 eq. 10.
 */
export const sampo = ({ beta = 0.1 } = {}): PairLoss => ({ ...dpo({ beta, tokens: sampled }), name: 'sampo' })
