import type { RowFile } from '../data/read-rows'
import type { Problem, Row } from '../data/row'
import type { Score, ScoredRow } from '../scoring/scorer'
import type { Decision, Outcome, Selection } from '../selection/selector'

/** One line of `selection.jsonl`: what became of a row of the file, readable or not. */
export interface SelectionRecord {
  /** Position in the file, from 0. */
  readonly row: number
  /** `null` for a row that could not be read. */
  readonly id: string | null
  readonly decision: Decision['kind'] | 'unreadable'
  /** The decision in words. */
  readonly reason: string
  /** From 1; `null` for a row that was not kept. */
  readonly rank: number | null
  /** Σ over exchanges of the product of their scores; `null` if missing. */
  readonly score: number | null
  /** Scores of each exchange by name; `null` if missing. */
  readonly scores: readonly Readonly<Record<string, number | null>>[]
  /** What the strategy ordered it by, such as its score or its length; `null` if it never came to that. */
  readonly value: number | null
  /** Whether a text was cut to fit the scorer. */
  readonly truncated: boolean
  /** The row that this one repeats: a kept one, or the first with the same content. */
  readonly similarTo: number | null
  /** Of the vectors of both, where these were compared. */
  readonly similarity: number | null
}

/** What records say of a row besides its decision. */
export interface RecordedRow extends Pick<ScoredRow, 'score' | 'exchanges'> {
  readonly row: Pick<Row, 'index' | 'id'>
}

/** What became of every row of a file, in the file's order. */
export function selectionRecords(
  file: Pick<RowFile, 'problems'>,
  scored: readonly RecordedRow[],
  { outcomes }: Selection,
): SelectionRecord[] {
  const byIndex = new Map(outcomes.map(outcome => [outcome.index, outcome]))
  const read = scored.map(row => selectionRecord(row, byIndex.get(row.row.index)!))
  return [...read, ...file.problems.map(unreadableRecord)].sort((a, b) => a.row - b.row)
}

/** What became of one row. */
export function selectionRecord(
  { row, score, exchanges }: RecordedRow,
  { decision, value }: Pick<Outcome, 'decision' | 'value'>,
): SelectionRecord {
  const similar = decision.kind === 'similar' ? decision : null
  return {
    row: row.index,
    id: row.id,
    decision: decision.kind,
    reason: reasonInWords(decision),
    rank: decision.kind === 'kept' ? decision.rank + 1 : null,
    score: numberOrNull(score),
    scores: exchanges.map(({ scores }) =>
      Object.fromEntries(Object.entries(scores).map(([key, value]) => [key, numberOrNull(value)])),
    ),
    value: value === null ? null : numberOrNull(value),
    truncated: exchanges.some(({ truncated }) => truncated),
    similarTo: decision.kind === 'duplicate' ? decision.of : (similar?.to ?? null),
    similarity: similar?.similarity ?? null,
  }
}

/** A decision as a sentence for people. Rows are counted from 0, as in the records. */
export function reasonInWords(decision: Decision): string {
  switch (decision.kind) {
    case 'kept': {
      const { rank, pinned, because } = decision
      const why = pinned ? ', because you pinned it' : because === undefined ? '' : `: ${because}`
      return `kept as number ${rank + 1}${why}`
    }
    case 'similar':
      return `too similar to row ${decision.to}, which was kept before it: similarity ${decision.similarity.toFixed(4)}`
    case 'duplicate':
      return `the same text as row ${decision.of}`
    case 'beyond budget':
      return 'not reached: enough rows were kept before it'
    case 'excluded':
    case 'invalid':
      return decision.reason
  }
}

const numberOrNull = (score: Score): number | null => (typeof score === 'number' ? score : null)

/** What became of a row that could not be read. */
export const unreadableRecord = ({ index, reason }: Problem): SelectionRecord => ({
  row: index,
  id: null,
  decision: 'unreadable',
  reason,
  rank: null,
  score: null,
  scores: [],
  value: null,
  truncated: false,
  similarTo: null,
  similarity: null,
})
