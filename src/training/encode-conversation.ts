import type { ChatTemplate, ChatTurn, TemplatePiece } from '../io/chat-template'
import type { Tokenizer } from '../io/tokenizer'
import { TrainingError } from './errors'

export interface ConversationOptions {
  /** Longer conversations keep their start. */
  readonly maxTokens?: number
  /** Whether every answer is trained, or only the last one. */
  readonly train?: 'all' | 'last'
  /**
   * Whether special tokens that somebody wrote in a turn are text, split into tokens as other text is. Without it they
   * become special tokens, as in transformers, TRL and FastChat: an answer that spells `</s>` then ends there.
   */
  readonly splitSpecialTokens?: boolean
}

export interface EncodedConversation {
  readonly ids: Uint32Array
  /** 1 for each token that is trained, else 0. */
  readonly mask: Uint8Array
  /** Whether it was cut at the end to fit. */
  readonly truncated: boolean
}

/**
 * A conversation in tokens, and which of them a model learns to write: its answers, each with the token that ends its
 * turn, and nothing of headers, questions and system text. The ids are those of the whole text. BOS stands at the
 * beginning, once, if the template writes it, or if the tokenizer puts it before every text and the template is a named
 * one; a model's own template is taken at its word. Nothing is put at the end.
 *
 * @throws {TokenizerError} if the template refuses the turns, or does not tell where their answers are
 * @throws {TrainingError} if no token is trained
 */
export function encodeConversation(
  tokenizer: Tokenizer,
  template: ChatTemplate,
  turns: readonly ChatTurn[],
  { maxTokens = 2048, train = 'all', splitSpecialTokens = true }: ConversationOptions = {},
): EncodedConversation {
  const last = turns.findLastIndex(({ role }) => role === 'assistant')
  if (last < 0)
    throw new TrainingError('the conversation has no answer of an assistant, so no token to train on')
  const learned = (piece: TemplatePiece) => piece.trained && (train === 'all' || piece.turn === last)
  const pieces = template.for(tokenizer).pieces(turns)
  const { ids, mask } = tokenizer.encodePieces(
    pieces.map(piece => ({ ...piece, trained: learned(piece) })),
    { splitSpecialTokens },
  )
  const begin = mask.indexOf(1)
  if (begin < 0) throw new TrainingError(`the template '${template.name}' writes no token of the answers`)
  if (begin >= maxTokens)
    throw new TrainingError(
      `${begin} tokens come before the first one that is trained, the limit is ${maxTokens} for all of them`,
    )
  return {
    ids: Uint32Array.from(ids.slice(0, maxTokens)),
    mask: mask.slice(0, maxTokens),
    truncated: ids.length > maxTokens,
  }
}
