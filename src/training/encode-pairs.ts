import type { Pair, Turn } from '../data/row'
import { type Tokenizer, TokenizerError } from '../io/tokenizer'
import type { EncodedAnswer } from '../models/answer-batch'

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

/**
 * Renders pairs with the model's chat template and tokenizes them. The prompt ends with the template's generation
 * prompt; the answer is all that the template adds for the assistant's turn, its end-of-turn token included. The
 * boundary is where generation would begin: where a token would hold characters of both, the two are tokenized apart.
 * No BOS is added to the template's own. As in TRL, special tokens that a turn spells become special tokens.
 *
 * Longer sequences keep their start (TRL's `keep_start`). A pair is dropped if its prompt alone fills `maxLength`,
 * if its answers do not differ within it, or if the template refuses it.
 *
 * @param maxLength tokens of prompt and answer together
 * @throws {TokenizerError} if the model has no chat template
 */
export function encodePairs(
  tokenizer: Tokenizer,
  pairs: readonly Pair[],
  { maxLength = 1024 }: { readonly maxLength?: number } = {},
): EncodedPairs {
  const encoded: EncodedPair[] = []
  const dropped: { index: number; reason: string }[] = []
  for (const { index, prompt, chosen, rejected } of pairs) {
    const texts = render(tokenizer, prompt, [chosen, rejected])
    if (typeof texts === 'string') {
      dropped.push({ index, reason: texts })
      continue
    }
    const [promptText, ...answered] = texts
    const promptIds = tokenizer.encode(promptText, { addSpecialTokens: false })
    if (promptIds.length >= maxLength) {
      dropped.push({
        index,
        reason: `the prompt alone has ${promptIds.length} tokens, the limit is ${maxLength}`,
      })
      continue
    }
    const sides = answered.map(text => {
      if (!text.startsWith(promptText)) return null
      const whole = tokenizer.encode(text, { addSpecialTokens: false })
      // A tokenizer that puts a space before each text would also put one before an answer that is tokenized apart.
      if (promptIds.every((id, t) => whole[t] === id)) return whole.slice(promptIds.length)
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
    const pair = { index, chosen: side(a), rejected: side(b), truncated: a.length > room || b.length > room }
    if (pair.chosen.ids.join() === pair.rejected.ids.join()) {
      dropped.push({ index, reason: `both answers are the same in the ${room} tokens that they may have` })
      continue
    }
    encoded.push(pair)
  }
  return { pairs: encoded, dropped }
}

/** The prompt as generation would begin with it, and the conversation with each answer; or why there is none. */
function render(
  tokenizer: Tokenizer,
  prompt: readonly Turn[],
  answers: readonly [string, string],
): readonly [string, string, string] | string {
  const answered = (content: string) => tokenizer.chat([...prompt, { role: 'assistant', content }])
  try {
    const [chosen, rejected] = answers
    return [tokenizer.chat(prompt, { addGenerationPrompt: true }), answered(chosen), answered(rejected)]
  } catch (error) {
    // Without any template no pair can be rendered, which is no matter of this pair.
    if (!(error instanceof TokenizerError) || !tokenizer.hasChatTemplate) throw error
    return error.message
  }
}
