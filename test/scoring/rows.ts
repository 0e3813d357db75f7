import type { Exchange, Row, Turn } from '../../src/data/row'
import { type RowExchange, rowExchanges } from '../../src/scoring/scorer'

/** A row of turns that alternate from the user's on. */
export const rowOf = (index: number, contents: readonly string[], raw: unknown = {}): Row => ({
  index,
  id: `row-${index}`,
  raw,
  turns: contents.map((content, i): Turn => ({ role: i % 2 === 0 ? 'user' : 'assistant', content })),
})

/** Exchanges, each of a row of its own. */
export const alone = (exchanges: readonly Exchange[]): RowExchange[] =>
  exchanges.flatMap(({ instruction, output }, i) => rowExchanges(rowOf(i, [instruction, output])))
