import type { LoraMap } from '../models/causal-network'
import { checkContext } from '../models/context'
import type { Model } from '../models/load-model'
import { type EncodedExchange, encodeAsSuperfiltering, encodeExchange, startToken } from './encode-exchange'
import { encodedOrMissing } from './encode-text'
import { scoreLosses } from './losses'
import { type PromptText, plainPrompt } from './prompt-text'
import type { Missing } from './score'
import type { RowExchange, Scorer } from './scorer'

export interface IfdOptions {
  /** Default: the model as it is. */
  readonly adapter?: LoraMap | null
  /** Default: `plainPrompt`, as Superfiltering. */
  readonly prompt?: PromptText
  /** Tokens of prompt and answer together. Default: the model's context, at most 1024. */
  readonly maxTokens?: number
  /**
   * Computes as Superfiltering's code: the answer's first token counts after the prompt, but not in the answer by
   * itself, where nothing predicts it. Default: false, and both losses are means over the same tokens.
   */
  readonly compat?: boolean
}

/**
 * Instruction-following difficulty: IFD = PPL(answer | prompt) / PPL(answer) = exp(L(answer | prompt) − L(answer)), L
 * the mean negative log-prob of the answer's tokens, in nats. High where the prompt helps little to predict the answer;
 * from 1 on it does not help at all. Li et al. 2023, https://arxiv.org/abs/2308.12032; with a small model in place of
 * the one to be tuned: Superfiltering, https://arxiv.org/abs/2402.00530.
 *
 * Texts over `maxTokens` are cut and marked as truncated: the answer may fill half and keeps its beginning, the prompt
 * loses its middle. With `compat` both keep their beginning.
 *
 * @throws {ScorerError} if the tokenizer has no token to begin a text with
 * @throws {ModelError} if `maxTokens` exceeds the model's context
 */
export function ifdScorer(
  { network, tokenizer }: Model,
  {
    adapter = null,
    prompt = plainPrompt,
    maxTokens = Math.min(1024, network.maxPositions),
    compat = false,
  }: IfdOptions = {},
): Scorer {
  checkContext(network, maxTokens)
  const start = compat ? null : startToken('ifdScorer', tokenizer)
  const encode = (exchange: RowExchange): EncodedExchange | Missing =>
    start === null
      ? encodeAsSuperfiltering(tokenizer, prompt(exchange), exchange.output, maxTokens)
      : encodeExchange(tokenizer, start, prompt(exchange), exchange.output, maxTokens)
  return {
    name: 'ifd',
    keys: ['ifd'],
    score: (exchanges, options) =>
      scoreLosses('ifd', exchanges, { network, adapter, ...options }, exchange => {
        const encoded = encodedOrMissing(() => encode(exchange))
        if ('missing' in encoded) return encoded
        const { given, alone, truncated } = encoded
        return { texts: [given, alone], truncated, value: ([c, a]) => Math.exp(c! - a!) }
      }),
  }
}
