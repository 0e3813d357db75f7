import type { Tokenizer } from '../io/tokenizer'
import { encodedOrMissing, plainIds } from './encode-text'
import { functionScorer } from './function-scorer'
import type { Score } from './score'
import type { Scorer } from './scorer'

/** Tokens of a text, without those that the tokenizer puts around every text. */
export const answerTokens = (tokenizer: Tokenizer, text: string): Score =>
  encodedOrMissing(() => plainIds(tokenizer, text).length)

/** Length of the answer in tokens. */
export const lengthScorer = (tokenizer: Tokenizer): Scorer =>
  functionScorer('length', ({ output }) => answerTokens(tokenizer, output))
