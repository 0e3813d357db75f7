import { columnNumbers } from '../data/column-numbers'
import type { Row } from '../data/row'
import type { Tokenizer } from '../io/tokenizer'
import { digitPrompts } from './digit-prompts'
import type { PromptText } from './prompt-text'
import { rowExchanges } from './scorer'
import { ScorerError } from './scorer-error'

/** A prompt with the digit that a user gave it, ready to train on; training's `EncodedSequence`. */
export interface ScoredSequence {
  /** The row's position in its file. */
  readonly index: number
  readonly ids: Uint32Array
  /** 1 for the digit's token, the last one, else 0. */
  readonly mask: Uint8Array
  /** Whether the prompt lost its middle to fit. */
  readonly truncated: boolean
}

export interface ScoredRows {
  readonly sequences: readonly ScoredSequence[]
  /** Rows without a label or without tokens, and why. */
  readonly dropped: readonly {
    readonly index: number
    readonly cause: 'no label' | 'tokenizer refuses it'
    readonly reason: string
  }[]
}

export interface ScoredOptions {
  /** What the digit is asked with: `complexityPrompt`, `qualityPrompt` or one of your own, as the scorer's. */
  readonly prompt: PromptText
  /** The column of the rows with the labels: a whole number from 1 to 6, or a list with one for each exchange. */
  readonly label: string
  /** Tokens of prompt and digit. A scorer with `maxTokens` of one less reads the same prompts. */
  readonly maxLength?: number
}

/**
 * Examples that make a model a scorer, as Deita's complexity and quality scorers were trained
 * (https://arxiv.org/abs/2312.15685 §2): each exchange in the prompt that `digitScorer` asks with, and behind it its
 * label, the only token that is trained. Prompts are cut as the scorer cuts them. Rows whose column is missing or empty
 * are dropped; a row with several exchanges gives an example for each.
 *
 * @throws {ScorerError} for a label that is no whole number from 1 to 6, labels that are not as many as the exchanges,
 *   a `maxLength` below 2, or a tokenizer without a single token for a digit
 */
export function encodeScored(
  tokenizer: Tokenizer,
  rows: readonly Row[],
  { prompt, label, maxLength = 1024 }: ScoredOptions,
): ScoredRows {
  if (!(Number.isInteger(maxLength) && maxLength >= 2))
    throw new ScorerError(`encodeScored: maxLength is ${maxLength}, expected a whole number of at least 2`)
  const { digits, encode } = digitPrompts(tokenizer, prompt, maxLength - 1)
  const sequences: ScoredSequence[] = []
  const dropped: ScoredRows['dropped'][number][] = []
  for (const row of rows) {
    const { index } = row
    const exchanges = rowExchanges(row)
    const labels = labelsOf(row, label, exchanges.length, digits.length)
    if (labels === null) {
      dropped.push({ index, cause: 'no label', reason: `the row has nothing in its column "${label}"` })
      continue
    }
    for (const [i, exchange] of exchanges.entries()) {
      const encoded = encode(exchange)
      if ('missing' in encoded) {
        dropped.push({ index, cause: 'tokenizer refuses it', reason: encoded.missing })
        continue
      }
      const ids = Uint32Array.from([...encoded.ids, digits[labels[i]! - 1]!])
      const mask = new Uint8Array(ids.length)
      mask[ids.length - 1] = 1
      sequences.push({ index, ids, mask, truncated: encoded.truncated })
    }
  }
  return { sequences, dropped }
}

/** One label for each exchange, or null if the row has none. */
function labelsOf(
  { index, raw }: Row,
  column: string,
  exchanges: number,
  most: number,
): readonly number[] | null {
  const value: unknown = typeof raw === 'object' && raw !== null ? Reflect.get(raw, column) : undefined
  if (value === undefined || value === null || value === '') return null
  const fail = (got: string) => {
    throw new ScorerError(
      `row ${index}: ${got}, expected a whole number from 1 to ${most}; correct the row, or empty its column ` +
        `"${column}" to leave it out`,
    )
  }
  const numbers = columnNumbers(raw, column)
  if (typeof numbers === 'object' && 'problem' in numbers) return fail(numbers.problem)
  const labels = typeof numbers === 'number' ? [numbers] : numbers
  const outside = labels.find(label => !(Number.isInteger(label) && label >= 1 && label <= most))
  if (outside !== undefined) return fail(`its "${column}" is ${outside}`)
  if (labels.length !== exchanges)
    return fail(`its "${column}" has ${labels.length} labels for ${exchanges} exchanges`)
  return labels
}
