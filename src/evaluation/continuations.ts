import { withoutTrailing } from '../data/white-space'
import type { Tokenizer } from '../io/tokenizer'
import { EvaluationError } from './errors'

/** Tokens, and those that are to follow them. */
export interface Continuation {
  readonly context: readonly number[]
  readonly ids: readonly number[]
}

/** The token that a text begins after where nothing stands before it, as lm-evaluation-harness takes it: BOS, or EOS. */
export function prefixToken(tokenizer: Tokenizer): { readonly id: number; readonly text: string | null } {
  const { bosId, bosToken, eosId, eosToken } = tokenizer
  if (bosId !== null) return { id: bosId, text: bosToken }
  if (eosId !== null) return { id: eosId, text: eosToken }
  throw new EvaluationError(
    'the tokenizer has neither a BOS nor an EOS: no token can stand before the first one of a text',
  )
}

/**
 * A context and what continues it in tokens, as lm-evaluation-harness (`_encode_pair` of lm_eval/api/model.py) has it:
 * white space at the end of the context belongs to the continuation, and the continuation's tokens are those of the
 * whole text behind as many as the context has alone. The tokenizer's special tokens stand around the text, unless it
 * begins with the text of its BOS.
 *
 * @throws {EvaluationError} if no token continues the context
 */
export function encodeContinuation(
  tokenizer: Tokenizer,
  context: string,
  continuation: string,
): Continuation {
  const prefix = prefixToken(tokenizer)
  if (context === '') {
    const ids = tokenizer.encode(continuation, { addSpecialTokens: false })
    const rest = ids[0] === prefix.id ? ids.slice(1) : ids
    return checked({ context: [prefix.id], ids: rest }, continuation)
  }
  const before = withoutTrailing(context)
  const encode = (text: string) =>
    tokenizer.encode(text, { addSpecialTokens: !(prefix.text !== null && text.startsWith(prefix.text)) })
  const whole = encode(context + continuation)
  const alone = encode(before)
  return checked({ context: alone, ids: whole.slice(alone.length) }, continuation)
}

function checked(encoded: Continuation, text: string): Continuation {
  if (encoded.context.length > 0 && encoded.ids.length > 0) return encoded
  const what = encoded.ids.length === 0 ? 'no token follows the context' : 'no token stands before'
  throw new EvaluationError(`${what} for the answer ${JSON.stringify(text.slice(0, 80))}`)
}
