import type { Model } from '../models/load-model'
import { type ContinuationOptions, continuationLogProbs } from './continuation-log-probs'
import { type Continuation, prefixToken } from './continuations'
import { EvaluationError } from './errors'

/** How well a model predicts texts; all means are weighted by length, so that long texts count more. */
export interface TextPerplexity {
  readonly texts: number
  readonly tokens: number
  /** Of the texts in UTF-8. */
  readonly bytes: number
  /** Σ log π over all tokens, in nats. */
  readonly logLikelihood: number
  /** exp(−mean log π of a token). Comparable only between models of one tokenizer. */
  readonly perplexity: number
  /** As lm-evaluation-harness: by words, bytes, and in bits. Comparable between any models. */
  readonly word_perplexity: number
  readonly byte_perplexity: number
  readonly bits_per_byte: number
}

/**
 * Perplexity of plain texts, without a chat template. Each begins after the tokenizer's BOS, or EOS where it has none.
 * Longer ones than the context pass in windows of it, each token predicted once, after as many of those before it as its
 * window has room for: lm-evaluation-harness' `loglikelihood_rolling`. That also puts its prefix before a tokenizer's own
 * BOS and counts the BOS as predicted; here it is not.
 *
 * @throws {EvaluationError} if the texts have no token
 * @throws the signal's reason once it is aborted
 */
export async function textPerplexity(
  { network, tokenizer }: Model,
  texts: readonly string[],
  { maxTokens = network.maxPositions, ...options }: TextPerplexityOptions = {},
): Promise<TextPerplexity> {
  if (!Number.isSafeInteger(maxTokens) || maxTokens < 1 || maxTokens > network.maxPositions) {
    throw new EvaluationError(`maxTokens is ${maxTokens}, expected 1 to the model's ${network.maxPositions}`)
  }
  const prefix = prefixToken(tokenizer).id
  const windows: Continuation[] = []
  for (const text of texts) {
    const ids = tokenizer.encode(text, { addSpecialTokens: false })
    for (let from = 0; from < ids.length; from += maxTokens) {
      const to = Math.min(from + maxTokens, ids.length)
      // All that fits before the window's tokens is read again, and not predicted again.
      const context = from === 0 ? [prefix] : ids.slice(to - maxTokens - 1, from)
      windows.push({ context, ids: ids.slice(from, to) })
    }
  }
  const tokens = windows.reduce((sum, { ids }) => sum + ids.length, 0)
  if (tokens === 0) throw new EvaluationError('the texts have no token to predict')
  const logProbs = await continuationLogProbs(network, windows, options)
  const logLikelihood = logProbs.reduce((a, b) => a + b, 0)
  const encoder = new TextEncoder()
  const bytes = texts.reduce((sum, text) => sum + encoder.encode(text).length, 0)
  const words = texts.reduce((sum, text) => sum + text.split(/\s+/).length, 0)
  return {
    texts: texts.length,
    tokens,
    bytes,
    logLikelihood,
    perplexity: Math.exp(-logLikelihood / tokens),
    word_perplexity: Math.exp(-logLikelihood / words),
    byte_perplexity: Math.exp(-logLikelihood / bytes),
    bits_per_byte: -logLikelihood / bytes / Math.LN2,
  }
}

export interface TextPerplexityOptions extends ContinuationOptions {
  /** Tokens that a window predicts. Default: the model's context. */
  readonly maxTokens?: number
}
