import { expect, test } from 'vitest'
import { functionScorer } from '../../src/scoring/function-scorer'
import { alone } from './rows'

const exchanges = alone(Array.from({ length: 3000 }, (_, i) => ({ instruction: 'a', output: `${i}` })))

test('scores each exchange, and says how far it is', async () => {
  const told: number[] = []
  const scorer = functionScorer('value', ({ output }) => Number(output))
  const scores = await scorer.score(exchanges, { onProgress: fraction => told.push(fraction) })
  expect(scores.map(({ scores }) => scores.value)).toEqual(exchanges.map((_, i) => i))
  expect(told).toEqual([0, 1024 / 3000, 2048 / 3000, 1])
})

test('lets an abort in between', async () => {
  const stop = new AbortController()
  let asked = 0
  const scorer = functionScorer('value', () => ++asked)
  setTimeout(() => stop.abort(new Error('enough')))
  await expect(scorer.score(exchanges, { signal: stop.signal })).rejects.toThrow('enough')
  expect(asked).toBeLessThan(3000)
})
