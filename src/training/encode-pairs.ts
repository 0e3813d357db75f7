import type { Pair, Turn } from '../data/row'
import type { Tokenizer } from '../io/tokenizer'

/** One answer in its context: `ids[answerBegin…]` are the answer's tokens, the only ones trained on. */
export interface EncodedAnswer {
  readonly ids: Uint32Array
  readonly answerBegin: number
}

/** A pair ready to train on. */
export interface EncodedPair {
  /** The pair's position in its file. */
  readonly index: number
  readonly chosen: EncodedAnswer
  readonly rejected: EncodedAnswer
  /** Whether either answer was cut at the end to fit. */
  readonly truncated: boolean
}

export interface EncodedPairs {
  readonly pairs: readonly EncodedPair[]
  /** Pairs that cannot be trained on, and why. */
  readonly dropped: readonly { readonly index: number; readonly reason: string }[]
}

/** Answer tokens of an encoded answer. */
export const answerLength = ({ ids, answerBegin }: EncodedAnswer): number => ids.length - answerBegin

/**
 * Renders pairs with the model's chat template and tokenizes them. The prompt ends with the template's generation
 * prompt; the answer is all that the template adds for the assistant's turn, its end-of-turn token included. The two
 * are tokenized apart, so that the boundary is where generation would begin. No BOS is added to the template's own.
 *
 * Longer sequences keep their start (TRL's `keep_start`); a pair whose prompt alone fills `maxLength` is dropped.
 *
 * @param maxLength tokens of prompt and answer together
 */
export function encodePairs(
  tokenizer: Tokenizer,
  pairs: readonly Pair[],
  { maxLength = 1024 }: { readonly maxLength?: number } = {},
): EncodedPairs {
  const encoded: EncodedPair[] = []
  const dropped: { index: number; reason: string }[] = []
  for (const { index, prompt, chosen, rejected } of pairs) {
    const promptText = tokenizer.chat(prompt, { addGenerationPrompt: true })
    const promptIds = tokenizer.encode(promptText, { addSpecialTokens: false })
    if (promptIds.length >= maxLength) {
      dropped.push({
        index,
        reason: `the prompt alone has ${promptIds.length} tokens, the limit is ${maxLength}`,
      })
      continue
    }
    const sides = [chosen, rejected].map(answer => {
      const text = tokenizer.chat([...prompt, { role: 'assistant', content: answer } satisfies Turn])
      if (!text.startsWith(promptText)) return null
      return tokenizer.encode(text.slice(promptText.length), { addSpecialTokens: false })
    })
    const [a, b] = sides
    if (!a || !b) {
      dropped.push({ index, reason: 'the chat template changes the prompt once it is answered' })
      continue
    }
    if (a.length === 0 || b.length === 0) {
      dropped.push({ index, reason: `the ${a.length === 0 ? 'chosen' : 'rejected'} answer has no token` })
      continue
    }
    const room = maxLength - promptIds.length
    const side = (ids: readonly number[]): EncodedAnswer => ({
      ids: Uint32Array.from([...promptIds, ...ids.slice(0, room)]),
      answerBegin: promptIds.length,
    })
    encoded.push({ index, chosen: side(a), rejected: side(b), truncated: a.length > room || b.length > room })
  }
  return { pairs: encoded, dropped }
}
