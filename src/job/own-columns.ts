import { columnNumbers } from '../data/column-numbers'
import { contentId } from '../data/content-id'
import type { Row } from '../data/row'
import { EMBEDDING, TOKENS } from './row-columns'

/** Whether a field of a row was computed for it, and is no part of what it says. */
const isComputed = (name: string): boolean =>
  name.startsWith('tabtune_') || name === EMBEDDING || name.endsWith('_scores')

/** Length of the row's text in tokens, where a column says it. */
export function tokensOf({ raw }: Pick<Row, 'raw'>): number | undefined {
  const tokens = columnNumbers(raw, TOKENS)
  return typeof tokens === 'number' && tokens >= 0 ? tokens : undefined
}

/** The content's hash as `Row.id` has it, of the fields that were not computed: scoring a row leaves it as it is. */
export function ownId({ id, raw }: Pick<Row, 'id' | 'raw'>): string {
  const fields = Object.entries(raw as object)
  const own = fields.filter(([name]) => !isComputed(name))
  if (own.length === fields.length) return id.split('-')[0]!
  return contentId(JSON.stringify(Object.fromEntries(own)))
}
