import type { Exchange } from '../data/row'
import type { Tokenizer } from '../io/tokenizer'
import type { LoraMap } from '../models/causal-network'
import { checkContext } from '../models/context'
import { eachLastHidden } from '../models/last-hidden'
import type { Model } from '../models/load-model'
import { scoreHead } from '../ops/score-head'
import type { ExchangeScores, Score, Scorer } from './scorer'
import { ScorerError } from './scorer-error'

export interface DeitaScorerOptions {
  /** The adapter that makes the model a complexity scorer. Default: the model as it is. */
  readonly complexity?: LoraMap | null
  /** The adapter that makes the model a quality scorer. Default: the model as it is. */
  readonly quality?: LoraMap | null
  /** Tokens of a prompt. Default: the model's context, at most 1024. */
  readonly maxTokens?: number
}

const DIGITS = ['1', '2', '3', '4', '5', '6']
const COMPLEXITY =
  'You are a helpful assistant. Please identify the complexity score of the following user query. \n##Query: {instruction}  \n##Complexity: '
const QUALITY =
  'You are a helpful assistant. Please identify the quality score of the Response corresponding to the Question. \n #Question#:\n{instruction}\n#Response#:\n{output} \n##Quality: '

/** Deita's prompt for the complexity of an instruction, character by character. */
export const complexityPrompt = ({ instruction }: Exchange): string => fill(COMPLEXITY, { instruction })

/** Deita's prompt for the quality of an answer, character by character. */
export const qualityPrompt = (exchange: Exchange): string => fill(QUALITY, { ...exchange })

/**
 * Deita's scorers, https://arxiv.org/abs/2312.15685: complexity of the instruction and quality of the answer, each
 * Σ k·p_k over the tokens of the digits 1 … 6 at the prompt's end, with p the softmax over those six alone.
 *
 * A prompt over `maxTokens` loses its middle: the first three quarters of `maxTokens` and the last quarter stay, so
 * that the question at its end survives, and its exchange is marked as truncated.
 *
 * @throws {ScorerError} if the tokenizer has no single token for a digit
 * @throws {ModelError} if `maxTokens` exceeds the model's context
 */
export function deitaScorer(
  { network, tokenizer }: Model,
  {
    complexity = null,
    quality = null,
    maxTokens = Math.min(1024, network.maxPositions),
  }: DeitaScorerOptions = {},
): Scorer {
  checkContext(network, maxTokens)
  const { digits, spaced } = digitTokens(tokenizer)
  const passes = [
    { key: 'complexity', adapter: complexity, prompt: complexityPrompt },
    { key: 'quality', adapter: quality, prompt: qualityPrompt },
  ] as const
  return {
    name: 'deita',
    keys: passes.map(({ key }) => key),
    async score(exchanges, { signal, onProgress }) {
      const prompts = passes.map(({ prompt }) =>
        exchanges.map(exchange => {
          const text = prompt(exchange)
          return cut(tokenizer.encode(spaced ? text.slice(0, -1) : text), maxTokens)
        }),
      )
      const total = prompts.flat().reduce((sum, { ids }) => sum + ids.length, 0)
      let done = 0
      const scores: Record<string, Score>[] = exchanges.map(() => ({}))
      using ids = network.gpu.tensor([digits.length], digits)
      for (const [i, { key, adapter }] of passes.entries()) {
        const sequences = prompts[i]!.map(prompt => prompt.ids)
        await eachLastHidden(
          network,
          sequences,
          { adapter, ...(signal ? { signal } : {}) },
          async ({ hidden, indices, tape }) => {
            const values = await network.gpu.read(scoreHead(tape, hidden, network.head, ids))
            indices.forEach((exchange, n) => {
              const value = values[n]!
              scores[exchange]![key] = Number.isFinite(value)
                ? value
                : { missing: `the model gave no finite ${key} score` }
              done += sequences[exchange]!.length
            })
            onProgress?.(done / total)
          },
        )
      }
      return exchanges.map(
        (_, e): ExchangeScores => ({
          scores: scores[e]!,
          truncated: prompts.some(list => list[e]!.truncated),
        }),
      )
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

/** Fills fields in one pass, so that text in one field that looks like another field stays text. */
function fill(template: string, fields: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (all, name: string) => fields[name] ?? all)
}

function cut(ids: readonly number[], maxTokens: number): { ids: readonly number[]; truncated: boolean } {
  if (ids.length <= maxTokens) return { ids, truncated: false }
  const tail = Math.floor(maxTokens / 4)
  return { ids: [...ids.slice(0, maxTokens - tail), ...ids.slice(ids.length - tail)], truncated: true }
}
