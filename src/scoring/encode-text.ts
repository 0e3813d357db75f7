import { type Tokenizer, TokenizerError } from '../io/tokenizer'
import { ModelError } from '../models/errors'
import type { Missing } from './score'

/** Token ids of a text that was cut to fit, if it had to be. */
export interface CutText {
  readonly ids: readonly number[]
  readonly truncated: boolean
}

/**
 * What `encode` gives, or why the text has no tokens: a vocabulary may lack what is in it, and a chat template may
 * refuse the turns. One such text must not stop a job.
 */
export function encodedOrMissing<T>(encode: () => T): T | Missing {
  try {
    return encode()
  } catch (error) {
    if (error instanceof TokenizerError || error instanceof ModelError) return { missing: error.message }
    throw error
  }
}

/** The first three quarters of `maxTokens` and the last quarter, if there are more. */
export function cutMiddle(ids: readonly number[], maxTokens: number): CutText {
  if (ids.length <= maxTokens) return { ids, truncated: false }
  const tail = Math.floor(maxTokens / 4)
  return { ids: [...ids.slice(0, maxTokens - tail), ...ids.slice(ids.length - tail)], truncated: true }
}

/** A text's tokens, without those that the tokenizer puts around every text. */
export const plainIds = (tokenizer: Tokenizer, text: string): number[] =>
  tokenizer.encode(text, { addSpecialTokens: false })
