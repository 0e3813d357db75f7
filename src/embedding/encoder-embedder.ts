import type { TokenPooling } from '../io/sentence-modules'
import { checkContext } from '../models/context'
import type { Encoder } from '../models/load-encoder'
import { meanOver } from '../models/mean-hidden'
import { eachPooledHidden } from '../models/pooled-hidden'
import { pooledStates } from '../models/pooled-states'
import type { Embedder } from './embedder'
import { startOfText } from './start-of-text'
import { TOKEN_SPANS } from './token-spans'

export interface EncoderEmbedderOptions {
  /** Which token states make a text's vector. Default: what the encoder's files say, else the mean of all. */
  readonly pooling?: TokenPooling
  /** Whether vectors have length 1. Default: what the encoder's `modules.json` says, and true where there is none. */
  readonly normalize?: boolean
  /**
   * Tokens of a text, those around every text among them; a longer one keeps its start. Default: what the encoder's
   * `sentence_bert_config.json` says, but no more than it has positions for.
   */
  readonly maxTokens?: number
  /** Stands in front of every text: e5 was trained with `query: ` and `passage: `. Default: what the files say, else nothing. */
  readonly prefix?: string
  /** Tokens of one forward pass; a longer text goes alone. Texts are sorted by length, and padded nowhere. */
  readonly batchTokens?: number
}

/**
 * Texts to vectors by an encoder of `loadEncoder`, as sentence-transformers computes them. E is the encoder's hidden
 * size. A vector does not depend on the texts beside it.
 *
 * @throws {ModelError} if `maxTokens` exceeds the encoder's positions
 */
export function encoderEmbedder(
  { name, network, tokenizer, modules }: Encoder,
  options: EncoderEmbedderOptions = {},
): Embedder {
  const {
    pooling = modules.pooling ?? 'mean',
    normalize = modules.normalize ?? true,
    maxTokens = Math.min(modules.maxTokens ?? network.maxPositions, network.maxPositions),
    prefix = modules.prefix,
    batchTokens = 4096,
  } = options
  checkContext(network, maxTokens)
  const pool = meanOver(TOKEN_SPANS[pooling], { normalize })
  const details = [pooling, ...(normalize ? ['normalized'] : []), maxTokens]
  return {
    name: ['encoder', name, ...details, ...(prefix === '' ? [] : [JSON.stringify(prefix)])].join(':'),
    dimensions: network.hidden,
    gpu: network.gpu,
    async embed(texts, embedOptions = {}) {
      const sequences = texts.map(text => {
        const whole = prefix + text
        return startOfText(tokenizer, modules.lowerCase ? whole.toLowerCase() : whole, maxTokens)
      })
      return pooledStates(network, sequences, (filled, visit) =>
        eachPooledHidden(network, filled, { batchTokens, ...embedOptions }, pool, visit),
      )
    },
  }
}
