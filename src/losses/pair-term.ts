import type { Gpu } from '../gpu/gpu'
import type { Params } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import type { PairLossKernel } from '../ops/pair-loss'
import { sequenceSums } from '../ops/sequence-sums'
import { spreadSlopes } from '../ops/spread-slopes'
import { allTokens } from './all-tokens'
import type { LossTerm, TermTensors, TokenChoice } from './loss'

export interface PairTermOptions<P extends Params> {
  readonly name: string
  readonly kernel: PairLossKernel<P>
  /** Those of the kernel but N. */
  readonly params: Readonly<Record<Exclude<keyof P, 'N' | 'S'>, number>>
  readonly tokens?: TokenChoice
  readonly usesReference?: boolean
  readonly wholeBatch?: boolean
}

/** A term that sees the weighted sums of each pair's answers. */
export const pairTerm = <P extends Params>({
  name,
  kernel,
  params,
  tokens = allTokens,
  usesReference = true,
  wholeBatch = false,
}: PairTermOptions<P>): LossTerm => ({
  name,
  weight: 1,
  mean: 'examples',
  usesReference,
  sides: 'both',
  tokens,
  prompt: false,
  wholeBatch,
  state: null,
  run: (gpu, tensors) =>
    throughSums(gpu, tensors, (sums, slopes) => {
      const { lengths, values } = tensors
      gpu.run(kernel as PairLossKernel, { sums, lengths, values, slopes }, params as never)
    }),
})

/** Sums up each sequence, lets `body` write its slopes by the policy's sum, and spreads them over the tokens. */
export function throughSums(
  gpu: Gpu,
  { policy, reference, weights, spans, lengths, scale, gradient }: TermTensors,
  body: (sums: Tensor, slopes: Tensor) => void,
): void {
  const { size: S } = lengths
  using sums = gpu.empty([S, 2])
  using slopes = gpu.empty([S])
  gpu.run(sequenceSums, { policy, reference, weights, spans, sums }, {})
  body(sums, slopes)
  gpu.run(spreadSlopes, { slopes, weights, spans, scale, gradient }, {})
}
