import type { Tokenizer } from '../io/tokenizer'
import type { EncodedAnswer } from '../models/answer-batch'
import { cutMiddle, plainIds } from './encode-text'
import type { Missing } from './score'
import { ScorerError } from './scorer-error'

/** An answer after its prompt and by itself, to be read by a model. */
export interface EncodedExchange {
  /** Log-probs of the answer's tokens given the prompt. */
  readonly given: EncodedAnswer
  /** Log-probs of the answer's tokens given nothing. */
  readonly alone: EncodedAnswer
  readonly truncated: boolean
}

/**
 * The token that stands before a text, so that its first token is predicted too: beginning of text, or else end of
 * text, as in GPT-2.
 *
 * @throws {ScorerError} naming `who` if the tokenizer has neither
 */
export function startToken(who: string, { bosId, eosId }: Tokenizer): number {
  const id = bosId ?? eosId
  if (id !== null) return id
  throw new ScorerError(
    `${who}: the tokenizer has neither a beginning-of-text nor an end-of-text token to put before a text`,
  )
}

/**
 * Prompt and answer in tokens. They are tokenized apart, so that the answer has the same tokens with the prompt and
 * without; before both stands the token `start`.
 *
 * What exceeds `maxTokens` is cut: the answer may fill half of them and keeps its beginning; the prompt has what the
 * answer leaves, and loses its middle; then the answer has what the prompt leaves.
 */
export function encodeExchange(
  tokenizer: Tokenizer,
  start: number,
  prompt: string,
  output: string,
  maxTokens: number,
): EncodedExchange | Missing {
  const promptIds = plainIds(tokenizer, prompt)
  // A chat template may write the token itself.
  if (promptIds[0] === start) promptIds.shift()
  const answer = plainIds(tokenizer, output)
  if (answer.length === 0) return { missing: 'the answer has no token' }
  const room = maxTokens - 1
  const reserved = Math.min(answer.length, Math.ceil(room / 2))
  const kept = cutMiddle(promptIds, room - reserved)
  const answerIds = answer.slice(0, room - kept.ids.length)
  return {
    given: { ids: Uint32Array.from([start, ...kept.ids, ...answerIds]), answerBegin: 1 + kept.ids.length },
    alone: { ids: Uint32Array.from([start, ...answerIds]), answerBegin: 1 },
    truncated: kept.truncated || answerIds.length < answer.length,
  }
}

/** A text as a whole, its beginning if it exceeds `maxTokens`; before it stands the token `start`. */
export function encodeWhole(
  tokenizer: Tokenizer,
  start: number,
  text: string,
  maxTokens: number,
): Omit<EncodedExchange, 'alone'> | Missing {
  const ids = plainIds(tokenizer, text)
  if (ids[0] === start) ids.shift()
  if (ids.length === 0) return { missing: 'the text has no token' }
  return {
    given: { ids: Uint32Array.from([start, ...ids.slice(0, maxTokens - 1)]), answerBegin: 1 },
    truncated: ids.length > maxTokens - 1,
  }
}

/**
 * Prompt and answer as Superfiltering's code_ifd/data_analysis.py encodes them
 * (https://github.com/tianyi-lab/Superfiltering): both in one text, the answer's tokens being those beyond as many as
 * the prompt alone has; the answer by itself cut to `maxTokens` − tokens of the prompt + 1. Nothing stands before a
 * text but what the tokenizer puts there, so a first token that is the answer's own is not predicted.
 */
export function encodeAsSuperfiltering(
  tokenizer: Tokenizer,
  prompt: string,
  output: string,
  maxTokens: number,
): EncodedExchange | Missing {
  if (output === '') return { missing: 'the answer has no token' }
  const both = tokenizer.encode(prompt + output)
  const alone = tokenizer.encode(output)
  const begin = tokenizer.encode(prompt).length
  const given = { ids: Uint32Array.from(both.slice(0, maxTokens)), answerBegin: Math.max(1, begin) }
  const own = {
    ids: Uint32Array.from(alone.slice(0, maxTokens - Math.min(begin, maxTokens) + 1)),
    answerBegin: 1,
  }
  if (given.ids.length <= given.answerBegin)
    return { missing: `the prompt leaves no token of ${maxTokens} to the answer` }
  if (own.ids.length <= 1) return { missing: 'the answer has no token that one before it predicts' }
  return {
    given,
    alone: own,
    truncated: both.length > maxTokens || own.ids.length < alone.length,
  }
}
