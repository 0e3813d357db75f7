import { TokenizerError } from './tokenizer-error'

/** A message of a conversation. */
export interface ChatTurn {
  readonly role: string
  readonly content: string
}

export interface RenderOptions {
  /** Whether to end with the header of an answer, where generation begins. */
  readonly addGenerationPrompt?: boolean
}

export interface PieceOptions extends RenderOptions {
  /**
   * Whether to find what belongs to answers; without it no piece is trained, and a model's own template writes the text
   * once instead of several times an answer.
   */
  readonly answers?: boolean
}

/** A stretch of a rendered conversation. */
export interface TemplatePiece {
  readonly text: string
  /** Place of the turn it belongs to; null before the first one, and for the generation prompt. */
  readonly turn: number | null
  /**
   * Whether a model learns to write it: what the template adds behind an assistant's header, that is the answer, the
   * token that ends its turn, and white space that belongs to the turn.
   */
  readonly trained: boolean
  /** Whether special tokens that it spells are text: it is what somebody wrote, not what the template writes. */
  readonly literal: boolean
}

/** What a template needs to know of a tokenizer. */
export interface TemplateTokens {
  readonly bosToken: string | null
  readonly eosToken: string | null
  /** Whether the tokenizer puts its BOS before every text. */
  readonly addsBos: boolean
  /** The id of an exact entry of the vocabulary, or null. */
  tokenId(token: string): number | null
}

/** How conversations are written for a model. */
export interface ChatTemplate {
  readonly name: string
  /** The token that ends an assistant's turn; empty if the template writes none. */
  readonly endOfTurn: string
  /** Texts that an answer does not hold: its end, and the beginning of the next turn. */
  readonly stop: readonly string[]
  /** The conversation; it is tokenized without adding special tokens. Throws `TemplateError` for turns without a place. */
  render(turns: readonly ChatTurn[], options?: RenderOptions): string
  /** The same text in pieces, none of them empty. */
  pieces(turns: readonly ChatTurn[], options?: PieceOptions): readonly TemplatePiece[]
  /**
   * The template as it is written with a tokenizer's own tokens; BOS stands at the beginning, once, if the template
   * writes one or the tokenizer puts one before every text. Throws `TemplateError` if the end of a turn is no token.
   */
  for(tokens: TemplateTokens): ChatTemplate
}

/** Turns that a template refuses or has no place for, or a tokenizer without the tokens that it writes. */
export class TemplateError extends TokenizerError {
  override name = 'TemplateError'
}

/**
 * The text with U+FFFD for each half of a surrogate pair that stands alone, as UTF-8 encoders write it. Such a half is
 * no character and no tokenizer has an id for it.
 */
export const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\uFFFD')
