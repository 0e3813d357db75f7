import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Budget, budgetMeter, checkBudget } from '../../src/selection/budget'

const items = (tokens: readonly (number | undefined)[]) =>
  tokens.map((t, index) => ({ index, id: `row-${index}`, ...(t === undefined ? {} : { tokens: t }) }))

/** How many items are taken one after the other. */
function taken(budget: Budget, tokens: readonly (number | undefined)[]): number {
  const list = items(tokens)
  const meter = budgetMeter('test', budget, list)
  let n = 0
  while (n < list.length && !meter.full && meter.take(list[n]!)) n++
  if (n < list.length) expect(meter.take(list[n]!)).toBe(false)
  return n
}

describe('budgetMeter', () => {
  test('counts rows, fractions and tokens', () => {
    const tokens = fc.array(fc.nat({ max: 9 }), { maxLength: 40 })
    fc.assert(
      fc.property(tokens, fc.nat({ max: 100 }), fc.nat({ max: 1000 }), (list, n, thousandths) => {
        expect(taken(n, list)).toBe(Math.min(n, list.length))
        expect(taken(Infinity, list)).toBe(list.length)
        const rows = Math.ceil((thousandths * list.length) / 1000)
        expect(taken({ fraction: thousandths / 1000 }, list)).toBe(rows)
        const sums = list.map((_, i) => list.slice(0, i + 1).reduce((a, b) => a + b, 0))
        // Rows without tokens at the end fit as well, but a full budget takes nothing more.
        const fit = sums.findIndex(sum => sum > n)
        const full = n === 0 ? 0 : sums.findIndex(sum => sum >= n) + 1 || list.length
        expect(taken({ tokens: n }, list)).toBe(Math.min(fit === -1 ? list.length : fit, full))
      }),
      { numRuns: 300, seed: 1 },
    )
  })

  test('takes a fraction of the decimal that was written', () => {
    expect(taken({ fraction: 0.07 }, Array(100).fill(1))).toBe(7)
    expect(taken({ fraction: 0.3 }, Array(10).fill(1))).toBe(3)
    expect(taken({ fraction: 1e-9 }, Array(10).fill(1))).toBe(1)
  })

  test('says how many more may be kept', () => {
    const list = items([2, 2, 2])
    const rows = budgetMeter('test', 2, list)
    expect([rows.room, rows.take(list[0]!), rows.room, rows.full]).toEqual([2, true, 1, false])
    const tokens = budgetMeter('test', { tokens: 3 }, list)
    expect([tokens.room, tokens.take(list[0]!), tokens.take(list[1]!), tokens.room]).toEqual([
      3,
      true,
      false,
      0,
    ])
  })

  test('explains what it cannot take', () => {
    expect(() => checkBudget('who', -1)).toThrow(/who: budget is -1/)
    expect(() => checkBudget('who', 0.5)).toThrow(/budget is 0.5/)
    expect(() => checkBudget('who', { fraction: 1.1 })).toThrow(/fraction 1.1/)
    expect(() => checkBudget('who', { fraction: NaN })).toThrow(/fraction NaN/)
    expect(() => checkBudget('who', { tokens: -1 })).toThrow(/-1 tokens/)
    expect(() => budgetMeter('who', { tokens: 5 }, items([1, undefined]))).toThrow(/row row-1 has undefined/)
    expect(() => budgetMeter('who', { tokens: 5 }, items([NaN]))).toThrow(/row row-0 has NaN/)
  })
})
