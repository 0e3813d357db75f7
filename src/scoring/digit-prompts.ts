import type { Tokenizer } from '../io/tokenizer'
import { type CutText, cutMiddle, encodedOrMissing } from './encode-text'
import type { PromptText } from './prompt-text'
import type { ExchangeScores, Missing, RowExchange, Scorer } from './scorer'
import { ScorerError } from './scorer-error'
import { inWindows } from './windows'

/**
 * Reads the expected digit at the end of each sequence of tokens, in any order.
 *
 * @param digits tokens of the digits 1 … K
 * @param give takes the values of some of the sequences, by their indices
 */
export type ReadDigits = (
  sequences: readonly (readonly number[])[],
  digits: Uint32Array,
  give: (indices: readonly number[], values: ArrayLike<number>) => void,
  options: { readonly signal?: AbortSignal },
) => Promise<void>

const DIGITS = ['1', '2', '3', '4', '5', '6']

/**
 * The scorer that fills prompts, cuts them to `maxTokens` and reads a digit at the end of each, whatever reads it.
 *
 * A prompt over `maxTokens` loses its middle: the first three quarters of `maxTokens` and the last quarter stay, so
 * that the question at its end survives, and its exchange is marked as truncated.
 *
 * @throws {ScorerError} if the tokenizer has no single token for a digit
 */
export function digitPromptScorer(
  tokenizer: Tokenizer,
  key: string,
  prompt: PromptText,
  maxTokens: number,
  read: ReadDigits,
): Scorer {
  const { digits, encode } = digitPrompts(tokenizer, prompt, maxTokens)
  return {
    name: key,
    keys: [key],
    score: (exchanges, options) =>
      inWindows(exchanges, options, async (window, { signal, onProgress }) => {
        const results: ExchangeScores[] = []
        const prompts: CutText[] = []
        const owners: number[] = []
        for (const [e, exchange] of window.entries()) {
          const encoded = encode(exchange)
          if ('missing' in encoded) results[e] = { scores: { [key]: encoded }, truncated: false }
          else owners[prompts.push(encoded) - 1] = e
        }
        const sequences = prompts.map(({ ids }) => ids)
        const total = sequences.reduce((tokens, { length }) => tokens + length, 0)
        let done = 0
        const give = (indices: readonly number[], values: ArrayLike<number>) => {
          for (const [n, i] of indices.entries()) {
            const value = values[n]!
            const score = Number.isFinite(value)
              ? value
              : { missing: `the model gave no finite ${key} score` }
            results[owners[i]!] = { scores: { [key]: score }, truncated: prompts[i]!.truncated }
            done += sequences[i]!.length
          }
          onProgress?.(done / total)
        }
        await read(sequences, digits, give, signal ? { signal } : {})
        return results
      }),
  }
}

/** Prompts in tokens, behind which a digit comes. */
export interface DigitPrompts {
  /** Tokens of the digits 1 … 6. */
  readonly digits: Uint32Array
  /** A prompt up to where the digit's token begins, without its middle if it exceeds `maxTokens`. */
  encode(exchange: RowExchange): CutText | Missing
}

/**
 * What scoring reads digits behind, and training writes them behind.
 *
 * @throws {ScorerError} if the tokenizer has no single token for a digit
 */
export function digitPrompts(tokenizer: Tokenizer, prompt: PromptText, maxTokens: number): DigitPrompts {
  const { digits, spaced } = digitTokens(tokenizer)
  return {
    digits,
    encode(exchange) {
      const text = spaced ? prompt(exchange).replace(/ $/, '') : prompt(exchange)
      return encodedOrMissing(() => cutMiddle(tokenizer.encode(text), maxTokens))
    },
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
