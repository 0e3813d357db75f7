import type { TokenLossKernel } from '../ops/token-loss'
import { allTokens } from './all-tokens'
import type { LossTerm } from './loss'

/** A term that is a mean over the tokens of each example's first sequence: of a conversation, or a chosen answer. */
export const tokenTerm = (
  name: string,
  kernel: TokenLossKernel,
  { prompt = false }: { readonly prompt?: boolean } = {},
): LossTerm => ({
  name,
  weight: 1,
  mean: 'tokens',
  usesReference: false,
  sides: 'chosen',
  tokens: allTokens,
  prompt,
  wholeBatch: false,
  state: null,
  run(gpu, { policy, weights, spans, scale, values, gradient }) {
    const stride = (spans.shape[0] ?? 0) / values.size
    gpu.run(kernel, { policy, weights, spans, scale, values, gradient }, { stride })
  },
})
