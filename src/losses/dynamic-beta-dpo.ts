import hash from '#shaders/lib/counter-hash.wgsl?raw'
import logistic from '#shaders/lib/logistic.wgsl?raw'
import reduce from '#shaders/lib/reduce.wgsl?raw'
import code from '#shaders/losses/dynamic-beta.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'
import { allTokens } from './all-tokens'
import { LossError, type PairLoss } from './loss'
import { check, type PairLossOptions, readOptions } from './options'
import { sumsTerm } from './pair-term'

export const dynamicBetaKernel = defineKernel({
  name: 'dynamic-beta',
  code: [reduce, hash, logistic, code],
  params: { N: 'u32', beta: 'f32', gain: 'f32', momentum: 'f32', drawn: 'u32', seed: 'u32' },
  bindings: {
    sums: read('f32', 'S 2'),
    state: write('f32', '3'),
    values: write('f32', 'N'),
    slopes: write('f32', 'S'),
  },
  workgroups: () => [1],
})

export interface DynamicBetaDpoOptions extends PairLossOptions {
  /** How far β follows the margins, a, per nat. */
  readonly scale?: number
  /** Weight of the past in the moving averages, γ. */
  readonly momentum?: number
  /** Share of each batch that is left out, ρ. */
  readonly drop?: number
  /** Of the draw of the pairs that are left out. */
  readonly seed?: number
}

/**
 * β-DPO: DPO whose β follows the batch, and which leaves out pairs whose margins stand out. With margins m in nats and
 * moving averages μ of their means and σ of their deviations, ⌊(1 − ρ)N⌋ pairs, one at least, are drawn in proportion
 * to exp(−½((m − μ) / σ)²), their loss is −log σ(b·m) with b = max(0.001, β(1 + a(mean of the drawn m − μ))), and the mean
 * is over them. https://arxiv.org/abs/2407.08639 as in its released code; see `betaDpoWeights`. The draw depends on the
 * seed, the step and the place in the batch. As there, the averages begin at 0, so the first batches are judged by ones
 * that are far too small.
 *
 * @throws {LossError} if an option is out of its range
 */
export function dynamicBetaDpo(options: DynamicBetaDpoOptions = {}): PairLoss {
  const name = 'beta-dpo'
  const { beta, tokens, scale, momentum, drop, seed } = readOptions(name, options, {
    beta: 0.1,
    tokens: allTokens,
    scale: 0.6,
    momentum: 0.9,
    drop: 0.2,
    seed: 0,
  })
  check(name, 'momentum', momentum, momentum >= 0 && momentum < 1, '0 or more and less than 1')
  check(name, 'drop', drop, drop >= 0 && drop < 1, 'a share of 0 or more and less than 1')
  const counts = Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32
  check(name, 'seed', seed, counts, 'a whole number from 0 to 2^32 - 1')
  const about = { name: 'beta_dpo', tokens, wholeBatch: true, state: [0, 0, 0] }
  const term = sumsTerm(about, (gpu, { values, state }, sums, slopes) => {
    if (!state) throw new LossError(`${name}: the running averages are missing; give the term its state`)
    // Of the decimal that was written, so that a tenth of 10 is 1. With none drawn, a step would learn nothing.
    const drawn = Math.max(1, Math.floor(Number(((1 - drop) * values.size).toPrecision(12))))
    gpu.run(dynamicBetaKernel, { sums, state, values, slopes }, { beta, gain: scale, momentum, drawn, seed })
  })
  return { kind: 'pairs', name, beta, terms: [term] }
}
