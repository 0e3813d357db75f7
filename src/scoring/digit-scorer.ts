import type { Tokenizer } from '../io/tokenizer'
import type { LoraMap } from '../models/causal-network'
import { checkContext } from '../models/context'
import { eachLastHidden } from '../models/last-hidden'
import type { Model } from '../models/load-model'
import { scoreHead } from '../ops/score-head'
import { type CutText, cutMiddle, encodedOrMissing } from './encode-text'
import type { PromptText } from './prompt-text'
import type { ExchangeScores, Scorer } from './scorer'
import { ScorerError } from './scorer-error'
import { inWindows } from './windows'

export interface DigitScorerOptions {
  /** Default: the model as it is. */
  readonly adapter?: LoraMap | null
  /** Tokens of a prompt. Default: the model's context, at most 1024. */
  readonly maxTokens?: number
}

const DIGITS = ['1', '2', '3', '4', '5', '6']

/**
 * Asks a model for a score from 1 to 6: Σ k·p_k over the tokens of the digits 1 … 6 at the prompt's end, with p the
 * softmax over those six alone (https://arxiv.org/abs/2312.15685 §2).
 *
 * A prompt over `maxTokens` loses its middle: the first three quarters of `maxTokens` and the last quarter stay, so
 * that the question at its end survives, and its exchange is marked as truncated.
 *
 * @throws {ScorerError} if the tokenizer has no single token for a digit
 * @throws {ModelError} if `maxTokens` exceeds the model's context
 */
export function digitScorer(
  { network, tokenizer }: Model,
  key: string,
  prompt: PromptText,
  { adapter = null, maxTokens = Math.min(1024, network.maxPositions) }: DigitScorerOptions = {},
): Scorer {
  checkContext(network, maxTokens)
  const { digits, spaced } = digitTokens(tokenizer)
  return {
    name: key,
    keys: [key],
    score: (exchanges, options) =>
      inWindows(exchanges, options, async (window, { signal, onProgress }) => {
        const results: ExchangeScores[] = []
        const prompts: CutText[] = []
        const owners: number[] = []
        for (const [e, exchange] of window.entries()) {
          const text = spaced ? prompt(exchange).replace(/ $/, '') : prompt(exchange)
          const encoded = encodedOrMissing(() => cutMiddle(tokenizer.encode(text), maxTokens))
          if ('missing' in encoded) results[e] = { scores: { [key]: encoded }, truncated: false }
          else owners[prompts.push(encoded) - 1] = e
        }
        const sequences = prompts.map(({ ids }) => ids)
        const total = sequences.reduce((tokens, { length }) => tokens + length, 0)
        let done = 0
        using ids = network.gpu.tensor([digits.length], digits)
        const passes = { adapter, ...(signal ? { signal } : {}) }
        await eachLastHidden(network, sequences, passes, async ({ hidden, indices, tape }) => {
          const values = await network.gpu.read(scoreHead(tape, hidden, network.head, ids))
          for (const [n, i] of indices.entries()) {
            const value = values[n]!
            const score = Number.isFinite(value)
              ? value
              : { missing: `the model gave no finite ${key} score` }
            results[owners[i]!] = { scores: { [key]: score }, truncated: prompts[i]!.truncated }
            done += sequences[i]!.length
          }
          onProgress?.(done / total)
        })
        return results
      }),
  }
}

/** How vocabularies write the space before a word: SentencePiece's U+2581, and byte-level BPE's. */
const SPACES = ['\u2581', '\u0120']

/**
 * The tokens of the digits. Where a vocabulary has digits only with the space before them (`spaced`), the space that
 * ends the prompts is part of the digit's token. One that merges digits or splits them into bytes cannot score.
 */
function digitTokens(tokenizer: Tokenizer): { readonly digits: Uint32Array; readonly spaced: boolean } {
  for (const prefix of ['', ...SPACES]) {
    const ids = DIGITS.map(digit => tokenizer.tokenId(prefix + digit))
    if (ids.every(id => id !== null)) return { digits: Uint32Array.from(ids), spaced: prefix !== '' }
  }
  const digit = DIGITS.find(one => tokenizer.tokenId(one) === null)
  throw new ScorerError(
    `the tokenizer has no token for the digit ${digit}, which Deita's scores are read from`,
  )
}
