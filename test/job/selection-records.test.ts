import { describe, expect, test } from 'vitest'
import { readRows } from '../../src/data/read-rows'
import { reasonInWords, selectionRecords } from '../../src/job/selection-records'
import type { ScoredRow } from '../../src/scoring/scorer'
import type { Decision, Selection } from '../../src/selection/selector'

const file = await readRows(
  JSON.stringify([
    { instruction: 'Name a fruit.', output: 'An apple.' },
    { instruction: 'No answer.' },
    {
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Hello' },
        { role: 'user', content: 'Bye' },
        { role: 'assistant', content: 'So long' },
      ],
    },
    { instruction: 'Name a fruit!', output: 'An apple.' },
    17,
    { instruction: 'Late.', output: 'Yes.' },
    { instruction: 'Odd.', output: 'No.' },
  ]),
)

const score = (quality: number | { missing: string }, truncated = false) => ({
  scores: { complexity: 2, quality },
  truncated,
})
const missing = { missing: 'the model gave no finite quality score' }
const results = [[score(3)], [score(1, true), score(2)], [score(2)], [score(1)], [score(missing)]]
const scored = file.rows.map((row, i): ScoredRow => {
  const exchanges = results[i]!
  return { row, score: i === 4 ? missing : 2 * i, exchanges }
})
const decisions: Decision[] = [
  { kind: 'kept', rank: 1 },
  { kind: 'kept', rank: 0 },
  { kind: 'similar', to: 0, similarity: 0.95 },
  { kind: 'beyond budget' },
  { kind: 'invalid', reason: missing.missing },
]
const selection: Selection = {
  kept: [2, 0],
  // In another order than the file's: records go by index.
  outcomes: scored
    .map((s, i) => ({
      index: s.row.index,
      id: s.row.id,
      value: s.score,
      position: i === 4 ? null : i,
      decision: decisions[i]!,
    }))
    .reverse(),
}

describe('selectionRecords', () => {
  const records = selectionRecords(file, scored, selection)

  test('has one for every row of the file, in its order, those that could not be read among them', () => {
    expect(file.problems.map(({ index }) => index)).toEqual([1, 4])
    expect(records.map(({ row }) => row)).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(records.map(({ decision }) => decision)).toEqual([
      ...['kept', 'unreadable', 'kept', 'similar', 'unreadable', 'beyond budget', 'invalid'],
    ])
    for (const { index, reason } of file.problems)
      expect(records[index]).toEqual({
        ...{ row: index, id: null, decision: 'unreadable', reason, rank: null, score: null, scores: [] },
        ...{ value: null, truncated: false, similarTo: null, similarity: null },
      })
  })

  test('says in words why', () => {
    expect(records.map(({ reason }) => reason)).toEqual([
      'kept as number 2',
      file.problems[0]!.reason,
      'kept as number 1',
      'too similar to row 0, which was kept before it: similarity 0.9500',
      file.problems[1]!.reason,
      'not reached: enough rows were kept before it',
      'the model gave no finite quality score',
    ])
    expect(reasonInWords({ kind: 'similar', to: 3, similarity: 1 })).toContain('row 3')
    expect(reasonInWords({ kind: 'kept', rank: 1, pinned: true })).toBe(
      'kept as number 2, because you pinned it',
    )
    expect(reasonInWords({ kind: 'kept', rank: 1, because: 'far' })).toBe('kept as number 2: far')
  })

  test('holds ranks from 1, scores of each exchange, and null for what is missing', () => {
    expect(records[2]).toMatchObject({
      id: file.rows[1]!.id,
      rank: 1,
      score: 2,
      scores: [
        { complexity: 2, quality: 1 },
        { complexity: 2, quality: 2 },
      ],
      truncated: true,
    })
    expect(records[3]).toMatchObject({ rank: null, score: 4, value: 4, similarTo: 0, similarity: 0.95 })
    const copy = selectionRecords({ problems: [] }, scored.slice(0, 1), {
      kept: [],
      outcomes: [{ index: 0, id: '', value: null, position: null, decision: { kind: 'duplicate', of: 5 } }],
    })
    expect(copy[0]).toMatchObject({ decision: 'duplicate', similarTo: 5, similarity: null, value: null })
    expect(records[6]).toMatchObject({ rank: null, score: null, scores: [{ complexity: 2, quality: null }] })
    expect(records.map(({ rank }) => rank)).toEqual([2, null, 1, null, null, null, null])
  })
})
