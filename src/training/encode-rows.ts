import type { Row } from '../data/row'
import type { ChatTemplate } from '../io/chat-template'
import type { Tokenizer } from '../io/tokenizer'
import { modelTemplate } from '../io/with-template'
import type { Drop, DroppedExample } from './dropped'
import { attempt } from './encode-answers'
import { type ConversationOptions, type EncodedConversation, encodeConversation } from './encode-conversation'
import type { EncodedSequence } from './examples'
import { checkMaxLength, keepStart, type Truncation } from './truncation'

export interface RowOptions extends Omit<ConversationOptions, 'maxTokens'> {
  /** Tokens of a conversation. */
  readonly maxLength?: number
  /** Default: the model's own. */
  readonly template?: ChatTemplate
  /** What longer ones keep; to it, the prompt is what stands before the first trained token. Default: their start. */
  readonly truncation?: Truncation
}

export interface EncodedRows {
  readonly sequences: readonly EncodedSequence[]
  /** Rows that cannot be trained on, and why. */
  readonly dropped: readonly DroppedExample[]
}

/**
 * Instruction rows in tokens for supervised training, with masks as `encodeConversation` makes them: all answers, which
 * is TRL's `assistant_only_loss`, or with `train: 'last'` the last one alone, which is its `completion_only_loss`.
 * A row is dropped if no trained token is left within `maxLength`, or if template or tokenizer refuse it.
 *
 * @throws {TokenizerError} if there is no chat template, or none for this tokenizer
 * @throws {TrainingError} if `maxLength` is no whole number of at least 2
 */
export function encodeRows(
  tokenizer: Tokenizer,
  rows: readonly Row[],
  { maxLength = 1024, template, truncation = keepStart(), ...options }: RowOptions = {},
): EncodedRows {
  checkMaxLength(maxLength)
  const bound = template ? template.for(tokenizer) : modelTemplate(tokenizer)
  const whole = { ...options, maxTokens: Number.POSITIVE_INFINITY }
  const sequences: EncodedSequence[] = []
  const dropped: DroppedExample[] = []
  for (const { index, turns } of rows) {
    const encoded = attempt(() => encodeConversation(tokenizer, bound, turns, whole))
    const cut = 'cause' in encoded ? encoded : cutConversation(encoded, truncation, maxLength)
    if ('cause' in cut) dropped.push({ index, ...cut })
    else sequences.push({ index, ...cut })
  }
  return { sequences, dropped }
}

function cutConversation(
  { ids, mask }: EncodedConversation,
  truncation: Truncation,
  maxLength: number,
): EncodedConversation | Drop {
  const prompt = mask.indexOf(1)
  const answer = ids.length - prompt
  const { prompt: before, answer: after } = truncation.cut({ prompt, answer, longest: answer }, maxLength)
  const [begin, end] = [prompt + after[0], prompt + after[1]]
  const kept = Uint8Array.from([...mask.subarray(...before), ...mask.subarray(begin, end)])
  // Nothing predicts the first token.
  kept[0] = 0
  if (!kept.includes(1)) return noToken(prompt, answer, truncation, maxLength)
  return {
    ids: Uint32Array.from([...ids.subarray(...before), ...ids.subarray(begin, end)]),
    mask: kept,
    truncated: kept.length < ids.length,
  }
}

function noToken(prompt: number, answer: number, { name }: Truncation, maxLength: number): Drop {
  if (prompt >= maxLength)
    return {
      cause: 'prompt too long',
      reason: `${prompt} tokens come before the first one that is trained, the limit is ${maxLength} for all of them`,
    }
  return {
    cause: 'no answer token',
    reason: `${name} leaves no trained token that another predicts, of ${prompt + answer}; the limit is ${maxLength}`,
  }
}
