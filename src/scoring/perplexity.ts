import type { LoraMap } from '../models/causal-network'
import { checkContext } from '../models/context'
import type { Model } from '../models/load-model'
import { encodeExchange, encodeWhole, startToken } from './encode-exchange'
import { encodedOrMissing } from './encode-text'
import { scoreLosses } from './losses'
import { type PromptText, plainPrompt } from './prompt-text'
import type { RowExchange, Scorer } from './scorer'

export interface PerplexityOptions {
  /** Default: the model as it is. */
  readonly adapter?: LoraMap | null
  readonly prompt?: PromptText
  /** Takes prompt and answer as one text. Default: false, the answer given the prompt. */
  readonly whole?: boolean
  /** Tokens of prompt and answer together. Default: the model's context, at most 1024. */
  readonly maxTokens?: number
}

/**
 * Perplexity of the answer given the prompt, or of both as one text: exp of the mean negative log-prob of their tokens.
 * Ankner et al. 2024, https://arxiv.org/abs/2405.20541, prune by bands of it; which band is best depends on the data.
 *
 * Texts over `maxTokens` are cut and marked as truncated: the answer may fill half and keeps its beginning, the prompt
 * loses its middle; `whole`, the text keeps its beginning.
 *
 * @throws {ScorerError} if the tokenizer has no token to begin a text with
 * @throws {ModelError} if `maxTokens` exceeds the model's context
 */
export function perplexityScorer(
  { network, tokenizer }: Model,
  {
    adapter = null,
    prompt = plainPrompt,
    whole = false,
    maxTokens = Math.min(1024, network.maxPositions),
  }: PerplexityOptions = {},
): Scorer {
  checkContext(network, maxTokens)
  const start = startToken('perplexityScorer', tokenizer)
  const encode = (exchange: RowExchange) => {
    const [text, { output }] = [prompt(exchange), exchange]
    return whole
      ? encodeWhole(tokenizer, start, text + output, maxTokens)
      : encodeExchange(tokenizer, start, text, output, maxTokens)
  }
  return {
    name: 'perplexity',
    keys: ['perplexity'],
    score: (exchanges, options) =>
      scoreLosses('perplexity', exchanges, { network, adapter, ...options }, exchange => {
        const encoded = encodedOrMissing(() => encode(exchange))
        if ('missing' in encoded) return encoded
        const { given, truncated } = encoded
        return { texts: [given], truncated, value: ([loss]) => Math.exp(loss!) }
      }),
  }
}
