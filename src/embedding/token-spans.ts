import type { TokenPooling } from '../io/sentence-modules'
import { allTokens, type TokenSpan } from '../models/mean-hidden'

/** Which of a text's tokens a pooling takes the mean of. */
export const TOKEN_SPANS: Readonly<Record<TokenPooling, TokenSpan>> = {
  cls: () => [0, 1],
  last: n => [n - 1, n],
  mean: allTokens,
}
