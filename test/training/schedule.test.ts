import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  constantSchedule,
  cosineSchedule,
  linearSchedule,
  type Schedule,
  wsdSchedule,
} from '../../src/training/schedule'
import fixture from '../fixtures/schedules.json'
import { expectClose } from '../numbers'

const ratesOf = (schedule: Schedule, total: number) =>
  Array.from({ length: total }, (_, step) => schedule(step, total))
const rates = (warmupRatio: number, total: number) => ratesOf(linearSchedule({ warmupRatio }), total)

const made = {
  linear: linearSchedule,
  cosine: cosineSchedule,
  constant: constantSchedule,
  wsd: wsdSchedule,
} as Readonly<Record<string, (options: object) => Schedule>>

describe('schedules', () => {
  test.for(fixture)(
    '$name of $total steps with $options are those of transformers',
    ({ name, options, total, rates: want }) => {
      // Both in double precision: only the order of a few operations differs.
      expectClose(ratesOf(made[name]!(options), total), want, { atol: 1e-15, rtol: 1e-14 })
    },
  )

  test('stay between 0 and 1, however the parts are chosen, and the ratio is rounded up', () => {
    const ratio = fc.double({ min: 0, max: 1, noNaN: true })
    const total = fc.integer({ min: 1, max: 300 })
    fc.assert(
      fc.property(total, ratio, ratio, ratio, (total, warmupRatio, decayRatio, minRatio) => {
        const warmupSteps = Math.ceil(warmupRatio * total)
        const decaySteps = Math.ceil(decayRatio * total)
        for (const [byRatio, bySteps] of [
          [linearSchedule({ warmupRatio }), linearSchedule({ warmupSteps })],
          [cosineSchedule({ warmupRatio, minRatio }), cosineSchedule({ warmupSteps, minRatio })],
          [constantSchedule({ warmupRatio }), constantSchedule({ warmupSteps })],
          [
            wsdSchedule({ warmupRatio, decayRatio, minRatio }),
            wsdSchedule({ warmupSteps, decaySteps, minRatio }),
          ],
        ] as const) {
          const got = ratesOf(byRatio, total)
          expect(got).toEqual(ratesOf(bySteps, total))
          expect(got.every(rate => rate >= 0 && rate <= 1)).toBe(true)
        }
      }),
    )
  })

  test('do not spend the only step on the warm-up', () => {
    for (const make of Object.values(made)) expect(ratesOf(make({ warmupSteps: 3 }), 1)).toEqual([1])
  })

  test('warm up over a tenth by default, the constant one not at all', () => {
    const total = 40
    for (const make of [linearSchedule, cosineSchedule, wsdSchedule]) {
      expect(ratesOf(make(), total)).toEqual(ratesOf(make({ warmupRatio: 0.1 }), total))
      expect(ratesOf(make(), total).slice(0, 5)).toEqual([0, 0.25, 0.5, 0.75, 1])
    }
    expect(new Set(ratesOf(constantSchedule(), total))).toEqual(new Set([1]))
    expect(ratesOf(wsdSchedule({ decaySteps: 4 }), total)).toEqual(ratesOf(wsdSchedule(), total))
  })

  test('refuse what is out of range', () => {
    expect(() => linearSchedule({ warmupRatio: 1.5 })).toThrow('warmupRatio is 1.5, expected 0 to 1')
    expect(() => linearSchedule({ warmupRatio: Number.NaN })).toThrow('warmupRatio is NaN')
    expect(() => constantSchedule({ warmupSteps: 2.5 })).toThrow('warmupSteps is 2.5, expected 0 or a')
    expect(() => cosineSchedule({ minRatio: -0.1 })).toThrow('minRatio is -0.1, expected 0 to 1')
    expect(() => wsdSchedule({ decayRatio: 0.2, decaySteps: 3 })).toThrow('Give one of them')
    expect(() => made.wsd!({ decay: 'toString' })).toThrow(
      'decay is toString, expected one of linear, cosine, 1-sqrt',
    )
  })
})

describe('linearSchedule', () => {
  test('rises over the warm-up, then falls to one step before zero', () => {
    expect(rates(0.25, 8)).toEqual([0, 1 / 2, 1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6])
    expect(rates(0, 4)).toEqual([1, 3 / 4, 2 / 4, 1 / 4])
    expect(rates(1, 2)).toEqual([0, 1 / 2])
  })

  test('rounds the warm-up up', () => {
    expect(rates(0.1, 11)[1]).toBe(1 / 2)
    expect(rates(0.1, 10)).toEqual([0, 1, ...[8, 7, 6, 5, 4, 3, 2, 1].map(n => n / 9)])
  })
})
