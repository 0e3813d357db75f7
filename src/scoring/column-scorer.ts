import { columnNumbers } from '../data/column-numbers'
import { answeredTurns } from '../data/row'
import { combinedScorer } from './combined-scorer'
import { functionScorer } from './function-scorer'
import type { RowExchange, Score, Scorer } from './scorer'
import { ScorerError } from './scorer-error'

/**
 * Scores computed elsewhere, from columns of the rows: for each exchange its value of a list, as Deita writes them
 * (`complexity_scores`, `quality_scores`), or a single number for a row of one exchange. A row whose column is
 * missing, has another length or holds anything but finite numbers has no score, and the reason names the column.
 *
 * @param columns the column of each score: `{ complexity: 'complexity_scores', quality: 'quality_scores' }`
 * @throws {ScorerError} if there is none
 */
export function columnScorer(columns: Readonly<Record<string, string>>): Scorer {
  const entries = Object.entries(columns)
  if (entries.length === 0)
    throw new ScorerError('columnScorer: there are no columns; give one for each score')
  const scorers = entries.map(([key, column]) =>
    functionScorer(key, exchange => fromColumn(exchange, column)),
  )
  const names = entries.map(([, column]) => JSON.stringify(column)).join(', ')
  return { ...combinedScorer(...scorers), name: `columns ${names}` }
}

function fromColumn({ row, place }: RowExchange, column: string): Score {
  const numbers = columnNumbers(row.raw, column)
  if (typeof numbers === 'object' && 'problem' in numbers) return { missing: numbers.problem }
  const list = typeof numbers === 'number' ? [numbers] : numbers
  const expected = answeredTurns(row).length
  if (list.length === expected) return list[place]!
  const got = typeof numbers === 'number' ? 'is one number' : `has ${list.length} values`
  return { missing: `${JSON.stringify(column)} ${got}, and the row has ${expected} exchanges` }
}
