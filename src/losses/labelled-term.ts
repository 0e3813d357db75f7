import logistic from '#shaders/lib/logistic.wgsl?raw'
import code from '#shaders/losses/kto.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'
import { allTokens } from './all-tokens'
import { type LabelledLoss, LossError } from './loss'
import { check, readOptions } from './options'
import { sumsTerm } from './pair-term'

export const ktoKernel = defineKernel({
  name: 'kto',
  code: [logistic, code],
  params: { N: 'u32', beta: 'f32', desirable: 'f32', undesirable: 'f32' },
  bindings: {
    sums: read('f32', 'N 2'),
    labels: read('f32', 'N'),
    kl: read('f32', '1'),
    values: write('f32', 'N'),
    slopes: write('f32', 'N'),
  },
  workgroups: ({ N }) => [Math.ceil(N / 64)],
})

export interface LabelledOptions {
  /** How much log-ratios count in the loss, per nat. */
  readonly beta?: number
  /** What the losses of desirable answers are multiplied by. */
  readonly desirableWeight?: number
  /** What the losses of undesirable answers are multiplied by. */
  readonly undesirableWeight?: number
}

/**
 * w·σ(∓β(log-ratio − z)), of desirable and of undesirable answers; z is the mean log-ratio of mismatched ones where
 * `kl` asks for it, or else 0.
 *
 * @throws {LossError} if an option is out of its range
 */
export function anchoredLoss(
  name: string,
  trl: string,
  { kl: usesKl }: { readonly kl: boolean },
  options: LabelledOptions,
): LabelledLoss {
  const { beta, desirableWeight, undesirableWeight } = readOptions(name, options, {
    beta: 0.1,
    desirableWeight: 1,
    undesirableWeight: 1,
  })
  check(name, 'desirableWeight', desirableWeight, desirableWeight >= 0, '0 or more')
  check(name, 'undesirableWeight', undesirableWeight, undesirableWeight >= 0, '0 or more')
  const params = { beta, desirable: desirableWeight, undesirable: undesirableWeight }
  const about = { name: trl, tokens: allTokens, sides: 'chosen' } as const
  const term = sumsTerm(about, (gpu, { labels, kl, values }, sums, slopes) => {
    if (!labels) throw new LossError(`${name}: the examples have no labels; train on answers with labels`)
    if (usesKl && !kl) throw new LossError(`${name}: the log-ratio of mismatched answers is missing`)
    using none = gpu.zeros([1])
    gpu.run(ktoKernel, { sums, labels, kl: (usesKl && kl) || none, values, slopes }, params)
  })
  return { kind: 'labelled', name, beta, terms: [term], kl: usesKl }
}
