import fc from 'fast-check'
import { expect, it } from 'vitest'
import { dsir } from '../../src/selection/dsir'
import type { PoolItem } from '../../src/selection/pool'
import { select } from '../../src/selection/selector'
import * as reference from '../reference/dsir'
import { outcomes, sortedBy } from '../reference/outcomes'
import { gumbel, randomKey } from '../reference/random-key'
import { asBudget, decided, rows, seeds, TEXTS, withBudget } from './items'

const targets = fc.array(fc.constantFrom(...TEXTS.filter(text => text.trim() !== '')), {
  minLength: 1,
  maxLength: 4,
})

it('draws rows by their importance', async () => {
  const hashing = fc.record({
    buckets: fc.constantFrom(1, 7, 10_000),
    smoothing: fc.constantFrom(1e-8, 1e-4, 1),
  })
  await fc.assert(
    fc.asyncProperty(
      withBudget(rows),
      targets,
      hashing,
      seeds,
      async ({ items, wish }, target, hashing, seed) => {
        const weights = reference.logWeights(
          items.map(({ text }) => text),
          target,
          hashing.buckets,
          hashing.smoothing,
        )
        const noisy = new Map(
          items.map((item, i) => [item, weights[i]! + gumbel(randomKey(seed, 'dsir', item.id))]),
        )
        const worded = items.filter(({ text }) => text.trim() !== '')
        const sorted = sortedBy(worded, item => -noisy.get(item)!)
        const selector = dsir({ target, budget: asBudget(wish), seed, ...hashing })
        expect(await decided(items, selector)).toEqual(outcomes(items, sorted, wish))
        const { outcomes: got } = await select({ items }, selector)
        for (const [i, { value }] of got.entries()) {
          const want = worded.includes(items[i]!) ? expect.closeTo(noisy.get(items[i]!)!, 9) : null
          expect(value).toEqual(want)
        }
      },
    ),
    { numRuns: 300, seed: 1 },
  )
})

const pool = (texts: readonly string[]): PoolItem[] =>
  texts.map((text, index) => ({ index, id: `${index}`, score: 0, text }))

it('draws in proportion to the weights', async () => {
  // Words of one letter each: p / q = (0.8 / 0.5) : (0.2 / 0.5) = 4 : 1 for the first of the draw.
  const target = ['a', 'a', 'a', 'a', 'b']
  let first = 0
  for (let seed = 0; seed < 2000; seed++) {
    const { kept } = await select({ items: pool(['a', 'b']) }, dsir({ target, budget: 1, seed, buckets: 64 }))
    if (kept[0] === 0) first++
  }
  // 1600 ± 18; the bound is five deviations.
  expect(Math.abs(first - 1600)).toBeLessThan(90)
})

it('prefers texts like the target, in any case, short ones too', async () => {
  const texts = [
    'Tides rise and fall.',
    'sort the list',
    'TIDES!',
    'call the function twice',
    'the tides of the sea',
  ]
  const { kept } = await select(
    { items: pool(texts) },
    dsir({ target: ['The tides rise.', 'Tides fall!', 'tides of the sea'], budget: 3, seed: 4 }),
  )
  expect([...kept].sort()).toEqual([0, 2, 4])
})

it('sets rows without a word aside, and says so', async () => {
  const { outcomes: got } = await select(
    { items: pool(['', ' \n']) },
    dsir({ target: ['a'], budget: 2, seed: 0 }),
  )
  expect(got.map(({ decision }) => decision)).toEqual([
    { kind: 'invalid', reason: 'it has no word' },
    { kind: 'invalid', reason: 'it has no word' },
  ])
  expect(await select({ items: [] }, dsir({ target: ['a'], budget: 2, seed: 0 }))).toEqual({
    kept: [],
    outcomes: [],
  })
})

it('stops soon when it is told to', async () => {
  let read = 0
  const items = pool(Array.from({ length: 5000 }, (_, i) => `text ${i}`)).map(({ text, ...item }) => ({
    ...item,
    get text() {
      read++
      return text
    },
  }))
  const controller = new AbortController()
  const work = dsir({ target: ['a'], budget: 2, seed: 0 }).select({ items }, { signal: controller.signal })
  controller.abort(new Error('enough'))
  await expect(work).rejects.toThrow('enough')
  expect(read).toBeLessThan(2000)
})

it('explains what it cannot take', () => {
  const options = { target: ['a'], budget: 1, seed: 0 }
  expect(() => dsir({ ...options, target: [] })).toThrow(/the target's 0 texts have no word; give some/)
  expect(() => dsir({ ...options, target: [' ', ''] })).toThrow(/the target's 2 texts have no word/)
  expect(() => dsir({ ...options, buckets: 0 })).toThrow(/dsir: buckets is 0/)
  expect(() => dsir({ ...options, smoothing: 0 })).toThrow(/dsir: smoothing is 0/)
  expect(() => dsir({ ...options, seed: -1 })).toThrow(/dsir: seed is -1/)
  expect(() => dsir({ ...options, budget: 0.5 })).toThrow(/dsir: budget is 0.5/)
})
