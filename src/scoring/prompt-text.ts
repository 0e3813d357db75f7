import type { Tokenizer } from '../io/tokenizer'
import type { RowExchange } from './scorer'
import { ScorerError } from './scorer-error'

/** What a model reads before the answer. */
export type PromptText = (exchange: RowExchange) => string

/** The instruction and a line break, Superfiltering's prompt: `{instruction}\n{input}\n`. Turns before it are left out. */
export const plainPrompt: PromptText = ({ instruction }) => `${instruction}\n`

/**
 * The conversation up to the answer as the model's chat template writes it, system text and turns before it included.
 *
 * @throws {ScorerError} if the model has no chat template
 */
export function chatPrompt(tokenizer: Tokenizer): PromptText {
  if (!tokenizer.hasChatTemplate)
    throw new ScorerError('chatPrompt: the model has no chat template; use plainPrompt')
  return ({ row, turn }) => tokenizer.chat(row.turns.slice(0, turn + 1), { addGenerationPrompt: true })
}
