import type { Tokenizer } from '../io/tokenizer'
import { encodedOrMissing, plainIds } from './encode-text'
import { functionScorer } from './function-scorer'
import type { Scorer } from './scorer'

/** Length of the answer in tokens. */
export const lengthScorer = (tokenizer: Tokenizer): Scorer =>
  functionScorer('length', ({ output }) => encodedOrMissing(() => plainIds(tokenizer, output).length))
