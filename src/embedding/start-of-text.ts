import type { Tokenizer } from '../io/tokenizer'

/**
 * A text's tokens; of more than `maxTokens` those at its start, between the tokens that the tokenizer puts around every
 * text, as transformers truncates.
 */
export function startOfText(tokenizer: Tokenizer, text: string, maxTokens: number): number[] {
  const ids = tokenizer.encode(text)
  if (ids.length <= maxTokens) return ids
  const own = tokenizer.encode(text, { addSpecialTokens: false })
  const around = ids.length - own.length
  const isAt = (at: number) => own.every((id, i) => ids[at + i] === id)
  const before = Array.from({ length: around + 1 }, (_, at) => at).find(isAt)
  if (before === undefined || around > maxTokens) return ids.slice(0, maxTokens)
  return [...ids.slice(0, before), ...own.slice(0, maxTokens - around), ...ids.slice(before + own.length)]
}
