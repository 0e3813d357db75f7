import type { Gpu } from '../gpu/gpu'
import type { Params } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import type { PairLossKernel } from '../ops/pair-loss'
import { sequenceSums } from '../ops/sequence-sums'
import { spreadSlopes } from '../ops/spread-slopes'
import { allTokens } from './all-tokens'
import type { LossTerm, TermTensors, TokenChoice } from './loss'

/** What a term over sums of sequences may say of itself; see `LossTerm`. */
export interface SumsTermOptions {
  readonly name: string
  readonly tokens?: TokenChoice
  readonly sides?: LossTerm['sides']
  readonly usesReference?: boolean
  readonly wholeBatch?: boolean
  readonly state?: readonly number[] | null
}

export interface PairTermOptions<P extends Params> extends SumsTermOptions {
  readonly kernel: PairLossKernel<P>
  /** Those of the kernel but N. */
  readonly params: Readonly<Record<Exclude<keyof P, 'N' | 'S'>, number>>
}

/** A term that sees the weighted sums of each pair's answers. */
export const pairTerm = <P extends Params>({ kernel, params, ...about }: PairTermOptions<P>): LossTerm =>
  sumsTerm(about, (gpu, { lengths, values }, sums, slopes) => {
    gpu.run(kernel as PairLossKernel, { sums, lengths, values, slopes }, params as never)
  })

/**
 * A term that sees the weighted sums of sequences, [S, 2].
 *
 * @param body writes the examples' losses, and the slopes of their sum by each sequence's policy sum, [S]
 */
export const sumsTerm = (
  {
    name,
    tokens = allTokens,
    sides = 'both',
    usesReference = true,
    wholeBatch = false,
    state = null,
  }: SumsTermOptions,
  body: (gpu: Gpu, tensors: TermTensors, sums: Tensor, slopes: Tensor) => void,
): LossTerm => ({
  name,
  weight: 1,
  mean: 'examples',
  usesReference,
  sides,
  tokens,
  prompt: false,
  wholeBatch,
  state,
  run(gpu, tensors) {
    const { policy, reference, weights, spans, lengths, scale, gradient } = tensors
    const { size: S } = lengths
    using sums = gpu.empty([S, 2])
    using slopes = gpu.empty([S])
    gpu.run(sequenceSums, { policy, reference, weights, spans, sums }, {})
    body(gpu, tensors, sums, slopes)
    gpu.run(spreadSlopes, { slopes, weights, spans, scale, gradient }, {})
  },
})
