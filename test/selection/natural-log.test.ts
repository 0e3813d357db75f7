import fc from 'fast-check'
import { expect, it } from 'vitest'
import { naturalLog } from '../../src/selection/natural-log'

it('equals the logarithm to four units in the last place', () => {
  const positive = fc.oneof(
    fc.double({ min: Number.MIN_VALUE, max: Number.MAX_VALUE, noNaN: true }),
    fc.double({ min: 0.5, max: 2, noNaN: true }),
    fc.integer({ min: 1, max: 2 ** 52 }).map(n => 1 - n * 2 ** -53),
  )
  fc.assert(
    fc.property(positive, x => {
      const want = Math.log(x)
      expect(Math.abs(naturalLog(x) - want)).toBeLessThanOrEqual(4 * 2 ** -52 * Math.abs(want))
    }),
    { numRuns: 1000, seed: 1 },
  )
})

it('is exact where it can be', () => {
  expect(naturalLog(1)).toBe(0)
  expect(naturalLog(2)).toBe(Math.LN2)
  expect(naturalLog(0.25)).toBe(-2 * Math.LN2)
  expect(naturalLog(Number.MIN_VALUE)).toBe(-1074 * Math.LN2)
})

it('never decreases', () => {
  const logs = Array.from({ length: 20_000 }, (_, i) => naturalLog((i + 1) / 10_000))
  expect(logs.every((log, i) => i === 0 || log > logs[i - 1]!)).toBe(true)
})

it('refuses what has no finite logarithm', () => {
  for (const x of [0, -1, Infinity, NaN])
    expect(() => naturalLog(x)).toThrow(/expected a finite number above 0/)
})
