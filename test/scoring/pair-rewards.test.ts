import { expect, test } from 'vitest'
import type { Pair } from '../../src/data/row'
import { only } from '../../src/scoring/combine'
import { pairRewards } from '../../src/scoring/pair-rewards'
import type { RowExchange, Scorer } from '../../src/scoring/scorer'
import { ScorerError } from '../../src/scoring/scorer-error'

const pair = (index: number, chosen: string, rejected: string): Pair => ({
  index,
  id: `pair-${index}`,
  raw: { n: index },
  prompt: [
    { role: 'system', content: 's' },
    { role: 'user', content: 'first?' },
    { role: 'assistant', content: 'first.' },
    { role: 'user', content: 'last?' },
  ],
  chosen,
  rejected,
})
const pairs = [pair(2, 'long answer', 'no'), pair(5, 'yes', '')]

function judge(): Scorer & { readonly seen: RowExchange[] } {
  const seen: RowExchange[] = []
  return {
    seen,
    name: 'judge',
    keys: ['length', 'two'],
    score: async exchanges =>
      exchanges.map(exchange => {
        seen.push(exchange)
        const { length } = exchange.output
        return {
          scores: { length: length > 0 ? length : { missing: 'empty' }, two: 2 },
          truncated: length > 10,
        }
      }),
  }
}

test('judges both answers as the last turn of the conversation', async () => {
  const scorer = judge()
  expect(await pairRewards(pairs, scorer)).toEqual([
    { chosen: 22, rejected: 4, truncated: true },
    { chosen: 6, rejected: { missing: 'empty' }, truncated: false },
  ])
  expect(
    scorer.seen.map(({ instruction, output, place, turn }) => [instruction, output, place, turn]),
  ).toEqual([
    ['last?', 'long answer', 1, 3],
    ['last?', 'no', 1, 3],
    ['last?', 'yes', 1, 3],
    ['last?', '', 1, 3],
  ])
  expect(scorer.seen[3]!.row).toMatchObject({ index: 5, id: 'pair-5', raw: { n: 5 } })
  expect(scorer.seen[3]!.row.turns.at(-1)).toEqual({ role: 'assistant', content: '' })
})

test('combines as it is told', async () => {
  const results = await pairRewards(pairs, judge(), { combine: only('two') })
  expect(results.map(({ chosen, rejected }) => [chosen, rejected])).toEqual([
    [2, 2],
    [2, 2],
  ])
  await expect(pairRewards(pairs, judge(), { combine: only('none') })).rejects.toThrow(ScorerError)
})
