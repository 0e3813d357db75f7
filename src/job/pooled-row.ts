import { columnNumbers } from '../data/column-numbers'
import { contentId } from '../data/content-id'
import { field, isFields } from '../data/fields'
import type { ExchangeScores, Score, ScoredRow } from '../scoring/scorer'
import type { PoolItem } from '../selection/pool'
import { ownId, tokensOf } from './own-columns'
import { EMBEDDING, MISSING, positionOf, TRUNCATED } from './row-columns'
import { rowText } from './row-text'

/** Texts that lie elsewhere, such as on disk. */
export interface Texts {
  /** Puts a text away. @returns where it is */
  put(text: string): number
  get(place: number): string
}

export interface PoolingOptions {
  readonly texts: Texts
  /** The field that says where a row comes from. */
  readonly sourceField?: string
  /** Counts the tokens of a text, for rows whose columns do not say them. */
  readonly countTokens?: (text: string) => number
  /** Whether to keep the vector that a column holds. */
  readonly vectors?: boolean
}

/** What selection needs of a row, without its text. */
export interface RowNumbers {
  /** Position in its own file. */
  readonly local: number
  /** Position in the file that was scored, if a column says it. */
  readonly said: number | undefined
  /** The row's id, whether or not it was scored. */
  readonly ownId: string
  /** Hash of its text. */
  readonly content: string
  /** Where its text is. */
  readonly place: number
  readonly tokens: number | undefined
  readonly source: string | undefined
  readonly score: Score
  readonly exchanges: readonly ExchangeScores[]
  /** The values of the embedding column, or what it holds in their place. */
  readonly vector: unknown
}

/** Takes what selection needs of a row, and puts its text away. */
export function rowNumbers(
  { row, score, exchanges }: ScoredRow,
  { texts, sourceField, countTokens, vectors = false }: PoolingOptions,
): RowNumbers {
  const text = rowText(row)
  const fields = isFields(row.raw) ? row.raw : {}
  const source = sourceField === undefined ? undefined : field(fields, sourceField)
  const vector = vectors ? columnNumbers(fields, EMBEDDING) : undefined
  return {
    local: row.index,
    said: positionOf(row),
    ownId: ownId(row),
    content: contentId(text),
    place: texts.put(text),
    tokens: tokensOf(row) ?? countTokens?.(text),
    source: typeof source === 'string' ? source : undefined,
    score: explained(score, field(fields, MISSING)),
    exchanges:
      field(fields, TRUNCATED) === true ? exchanges.map(one => ({ ...one, truncated: true })) : exchanges,
    vector: Array.isArray(vector) ? Float32Array.from(vector) : field(fields, EMBEDDING),
  }
}

/** A score with the reason that a column gives where it has none. */
const explained = (score: Score, said: unknown): Score =>
  typeof score === 'number' || typeof said !== 'string' ? score : { missing: `${score.missing} (${said})` }

/** A row of a pool. Its text is fetched each time it is asked for. */
export class PooledRow implements PoolItem {
  readonly content: string
  /** May be joined anew of the exchanges' scores. */
  score: Score
  readonly exchanges: readonly ExchangeScores[]
  // Declared only: absent, not undefined, where nothing says them.
  declare readonly tokens?: number
  declare readonly source?: string
  /** As a row of a file would hold it. */
  readonly raw: Readonly<Record<string, unknown>>
  readonly #texts: Texts
  readonly #place: number

  constructor(
    { content, score, exchanges, tokens, source, vector, place }: RowNumbers,
    readonly index: number,
    readonly id: string,
    texts: Texts,
  ) {
    this.content = content
    this.score = score
    this.exchanges = exchanges
    if (tokens !== undefined) this.tokens = tokens
    if (source !== undefined) this.source = source
    this.raw = vector === undefined ? {} : { [EMBEDDING]: vector }
    this.#texts = texts
    this.#place = place
  }

  get text(): string {
    return this.#texts.get(this.#place)
  }
}
