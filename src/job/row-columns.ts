import { columnNumbers } from '../data/column-numbers'
import { layoutJson } from '../data/json-layout'
import { joinMembers, jsonMembers } from '../data/json-members'
import type { Row } from '../data/row'
import type { Embedder } from '../embedding/embedder'
import type { Tokenizer } from '../io/tokenizer'
import { type RowScoreOptions, type Score, type Scorer, type ScorerOptions, score } from '../scoring/scorer'
import { rowText } from './row-text'

/** Values that rows get beside their own fields. */
export interface RowColumns {
  /** Names of the columns, which replace those of the same name that a row has. */
  readonly names: readonly string[]
  /** One object a row, in order, with all of the columns. */
  compute(rows: readonly Row[], options: ScorerOptions): Promise<Readonly<Record<string, unknown>>[]>
}

/**
 * The row's position in the file that was scored or embedded first, from 0, counting what could not be read: of a part
 * it stays the one in the whole file.
 */
const POSITION = 'tabtune_row'
/** The row's score: its exchanges' scores, joined as the scorer says. */
export const SCORE = 'tabtune_score'
/** Why a score is missing; null where none is. */
export const MISSING = 'tabtune_missing'
/** Length of the row's text in tokens of the model. */
export const TOKENS = 'tabtune_tokens'
/** Whether a text was cut to fit the scorer. */
export const TRUNCATED = 'tabtune_truncated'
/** The row's vector, under Deita's name. */
export const EMBEDDING = 'embedding'

/** The column of a scorer's key, under Deita's name: one value for each exchange. */
export const scoreColumn = (key: string): string => `${key}_scores`

/** The row's position in the file that it was scored in, where a column says it. */
export function positionOf({ raw }: Pick<Row, 'raw'>): number | undefined {
  const position = columnNumbers(raw, POSITION)
  return typeof position === 'number' && Number.isSafeInteger(position) && position >= 0
    ? position
    : undefined
}

/** What a scorer gives, in columns. A score that could not be computed is null, and `tabtune_missing` says why. */
export function scoreColumns(
  scorer: Scorer,
  tokenizer: Tokenizer,
  rowScore: RowScoreOptions = {},
): RowColumns {
  return {
    names: [...scorer.keys.map(scoreColumn), SCORE, MISSING, TRUNCATED, TOKENS, POSITION],
    async compute(rows, options) {
      const scored = await score(rows, scorer, { ...rowScore, ...options })
      return scored.map(({ row, score, exchanges }) => {
        const lists = scorer.keys.map(key => [
          scoreColumn(key),
          exchanges.map(({ scores }) => numberOrNull(scores[key])),
        ])
        return {
          ...Object.fromEntries(lists),
          [SCORE]: numberOrNull(score),
          [MISSING]: typeof score === 'number' ? null : score.missing,
          [TRUNCATED]: exchanges.some(({ truncated }) => truncated),
          [TOKENS]: tokenizer.encode(rowText(row), { addSpecialTokens: false }).length,
          [POSITION]: positionOf(row) ?? row.index,
        }
      })
    },
  }
}

const numberOrNull = (score: Score | undefined): number | null =>
  typeof score === 'number' && Number.isFinite(score) ? score : null

/** What an embedder makes of the rows' texts, in Deita's column. */
export function embeddingColumns(embedder: Embedder): RowColumns {
  return {
    names: [EMBEDDING, POSITION],
    async compute(rows, { signal, onProgress }) {
      if (rows.length === 0) return []
      using vectors = await embedder.embed(rows.map(rowText), signal ? { signal } : {})
      const values = await embedder.gpu.read(vectors)
      const E = embedder.dimensions
      onProgress?.(1)
      return rows.map((row, i) => ({
        [EMBEDDING]: Array.from(values.subarray(i * E, (i + 1) * E), shortest),
        [POSITION]: positionOf(row) ?? row.index,
      }))
    },
  }
}

/** An f32 as a double with few digits: nine tell every f32 from all others. */
const shortest = (value: number): number => Number(value.toPrecision(9))

/**
 * A row's own object as a line of JSON, its numbers and escapes as they were, with columns behind its fields. A field
 * with the name of a column gives way.
 */
export function rowLine(
  { source, raw }: Pick<Row, 'source' | 'raw'>,
  { names }: Pick<RowColumns, 'names'>,
  values: Readonly<Record<string, unknown>>,
): string {
  const members = jsonMembers(source === undefined ? JSON.stringify(raw) : layoutJson(source, 0))
  for (const name of names) members.delete(name)
  for (const [name, value] of Object.entries(values)) {
    members.delete(name)
    members.set(name, JSON.stringify(value))
  }
  return `${joinMembers(members)}\n`
}
