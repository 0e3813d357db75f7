import fc from 'fast-check'
import { expect, test } from 'vitest'
import { linearSchedule } from '../../src/training/schedule'

const rates = (warmupRatio: number, total: number) =>
  Array.from({ length: total }, (_, step) => linearSchedule({ warmupRatio })(step, total))

test('rises over the warm-up, then falls to one step before zero', () => {
  expect(rates(0.25, 8)).toEqual([0, 1 / 2, 1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6])
  expect(rates(0, 4)).toEqual([1, 3 / 4, 2 / 4, 1 / 4])
  expect(rates(1, 2)).toEqual([0, 1 / 2])
})

test('rounds the warm-up up: a tenth by default', () => {
  expect(rates(0.1, 11)[1]).toBe(1 / 2)
  expect(rates(0.1, 10)).toEqual([0, 1, ...[8, 7, 6, 5, 4, 3, 2, 1].map(n => n / 9)])
  expect(linearSchedule()(5, 20)).toBe(linearSchedule({ warmupRatio: 0.1 })(5, 20))
})

test('does not spend the only step on the warm-up', () => {
  expect(rates(0.1, 1)).toEqual([1])
  expect(rates(1, 1)).toEqual([1])
})

test('is get_linear_schedule_with_warmup of transformers', () => {
  /** transformers/optimization.py, `_get_linear_schedule_with_warmup_lr_lambda`. */
  const theirs = (step: number, warmup: number, total: number) =>
    step < warmup ? step / Math.max(1, warmup) : Math.max(0, (total - step) / Math.max(1, total - warmup))
  const counts = fc.integer({ min: 2, max: 500 })
  fc.assert(
    fc.property(counts, fc.double({ min: 0, max: 1, noNaN: true }), (total, warmupRatio) => {
      const warmup = Math.ceil(warmupRatio * total)
      const got = rates(warmupRatio, total)
      expect(got).toEqual(got.map((_, step) => theirs(step, warmup, total)))
      expect(got.every(rate => rate >= 0 && rate <= 1)).toBe(true)
    }),
  )
})
