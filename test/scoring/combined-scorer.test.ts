import { expect, test } from 'vitest'
import { combinedScorer } from '../../src/scoring/combined-scorer'
import { functionScorer } from '../../src/scoring/function-scorer'
import { type Scorer, score } from '../../src/scoring/scorer'
import { ScorerError } from '../../src/scoring/scorer-error'
import { alone, rowOf } from './rows'

const instruction = functionScorer('instruction', ({ instruction }) => instruction.length)
const output = functionScorer('output', ({ output }) =>
  output === '' ? { missing: 'no answer' } : output.length,
)
const cut: Scorer = {
  name: 'cut',
  keys: ['x', 'y'],
  score: async exchanges => exchanges.map((_, i) => ({ scores: { x: 1, y: 2 }, truncated: i === 1 })),
}

test('gives the scores of all, under their own names', async () => {
  const scorer = combinedScorer(instruction, output, cut)
  expect([scorer.name, scorer.keys]).toEqual([
    'instruction + output + cut',
    ['instruction', 'output', 'x', 'y'],
  ])
  expect(await scorer.score(alone([{ instruction: 'aa', output: '' }]), {})).toEqual([
    { scores: { instruction: 2, output: { missing: 'no answer' }, x: 1, y: 2 }, truncated: false },
  ])
  const [scored] = await score([rowOf(0, ['a', 'bb', 'ccc', 'dddd'])], scorer)
  expect(scored!.score).toBe(1 * 2 * 2 + 3 * 4 * 2)
  expect(scored!.exchanges.map(({ truncated }) => truncated)).toEqual([false, true])
})

test('tells the progress of all, and stops when told', async () => {
  const scorer = combinedScorer(instruction, output)
  const exchanges = alone(Array.from({ length: 3000 }, () => ({ instruction: 'a', output: 'b' })))
  const seen: number[] = []
  await scorer.score(exchanges, { onProgress: fraction => seen.push(fraction) })
  expect(seen).toEqual([...seen].sort((a, b) => a - b))
  expect(seen).toContain(0.5)
  expect(seen.at(-1)).toBe(1)
  const stop = new AbortController()
  const onProgress = (fraction: number) => {
    if (fraction > 0.5) stop.abort(new Error('enough'))
  }
  await expect(scorer.score(exchanges, { signal: stop.signal, onProgress })).rejects.toThrow('enough')
})

test('refuses none, two of the same score, and one that does not answer', async () => {
  expect(() => combinedScorer()).toThrow(new ScorerError('combinedScorer: there is no scorer'))
  expect(() =>
    combinedScorer(
      output,
      cut,
      functionScorer('y', () => 1),
    ),
  ).toThrow(new ScorerError('combinedScorer: cut and y both give y; a score has one scorer'))
  const short: Scorer = { name: 'short', keys: ['n'], score: async () => [] }
  await expect(combinedScorer(short).score(alone([{ instruction: '', output: '' }]), {})).rejects.toThrow(
    new ScorerError('scorer short gave scores for 0 exchanges, expected 1'),
  )
})
