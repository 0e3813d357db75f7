import type { ChatTemplate } from './chat-template'
import { type Tokenizer, TokenizerError } from './tokenizer'

/**
 * The tokenizer with a chat template, in place of the model's own if it has one: a base model can chat, and be trained
 * to. The template's end of a turn ends answers too.
 *
 * @throws {TemplateError} if the tokenizer lacks the token that ends a turn
 */
export function withTemplate(tokenizer: Tokenizer, template: ChatTemplate): Tokenizer {
  const bound = template.for(tokenizer)
  const end = tokenizer.tokenId(bound.endOfTurn)
  return {
    ...tokenizer,
    hasChatTemplate: true,
    template: bound,
    endIds: [...new Set([...(end === null ? [] : [end]), ...tokenizer.endIds])],
    chat: bound.render,
  }
}

/** The chat template that a model brings along. @throws {TokenizerError} if it has none */
export function modelTemplate(tokenizer: Tokenizer): ChatTemplate {
  if (!tokenizer.template)
    throw new TokenizerError(
      'modelTemplate: the model has no chat template; use a named one, such as vicuna() or chatml()',
    )
  return tokenizer.template
}
