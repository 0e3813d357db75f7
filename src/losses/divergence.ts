import logistic from '#shaders/lib/logistic.wgsl?raw'
import margin from '#shaders/lib/margin.wgsl?raw'
import scoreJs from '#shaders/lib/score-js.wgsl?raw'
import scorePower from '#shaders/lib/score-power.wgsl?raw'
import type { Params } from '../gpu/kernel'
import { definePairLoss } from '../ops/pair-loss'
import { check } from './options'

/**
 * How a log-ratio x becomes a score: f′(eˣ) of an f-divergence, https://arxiv.org/abs/2309.16240. The constants are
 * those of TRL from 1.13 on; they cancel in losses over sums, but not where each side is divided by its length.
 */
export interface Divergence {
  readonly name: string
  /** Which shader computes it: (e^(power·x) − 1) / power, or that of the Jensen-Shannon divergence. */
  readonly score: 'power' | 'js'
  readonly power: number
}

/** The score is the log-ratio itself: DPO as it was published. */
export const reverseKl: Divergence = { name: 'reverse_kl', score: 'power', power: 0 }

/** 1 − e^−x */
export const forwardKl: Divergence = { name: 'forward_kl', score: 'power', power: -1 }

/** log 2 + log σ(x) */
export const jsDivergence: Divergence = { name: 'js_divergence', score: 'js', power: 0 }

/**
 * (e^((α − 1) x) − 1) / (α − 1): forward KL at α = 0, reverse KL as α → 1. The exponent stops at 80.
 *
 * @throws {LossError} if α is no finite number
 */
export const alphaDivergence = ({ alpha = 0.5 } = {}): Divergence => {
  check('alphaDivergence', 'alpha', alpha, Number.isFinite(alpha), 'a number')
  return { name: 'alpha_divergence', score: 'power', power: alpha - 1 }
}

/**
 * The kernels of a loss over a margin of scores, one for each way to compute them.
 *
 * @param code WGSL that defines `struct Params { N, beta, power, … }` and `loss`
 * @param params fields of `Params` behind `power`
 */
export const defineDivergentLoss = <const P extends Params>({
  name,
  code,
  params,
}: {
  readonly name: string
  readonly code: readonly string[]
  readonly params: P
}) => {
  const all = { beta: 'f32', power: 'f32', ...params } as const
  return {
    power: definePairLoss({ name, code: [logistic, scorePower, margin, ...code], params: all }),
    js: definePairLoss({ name: `${name}-js`, code: [logistic, scoreJs, margin, ...code], params: all }),
  }
}
