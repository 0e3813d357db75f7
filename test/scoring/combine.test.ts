import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Combine, geometricMean, only, over, product, weightedSum } from '../../src/scoring/combine'
import { last, max, mean, ofNumbers, type Reduce, sum } from '../../src/scoring/reduce'
import type { Missing, Score } from '../../src/scoring/score'
import { rowScore } from '../../src/scoring/scorer'
import { ScorerError } from '../../src/scoring/scorer-error'

const KEYS = ['a', 'b', 'c']
const WEIGHTS = { c: -0.5, a: 3 }

/** Scores as they occur: mostly numbers, some missing, some that no scorer should give. */
const scores = fc.oneof(
  { weight: 20, arbitrary: fc.double({ min: 0, max: 100, noNaN: true }) as fc.Arbitrary<Score> },
  { weight: 1, arbitrary: fc.constantFrom<Score>({ missing: 'one' }, { missing: 'two' }, NaN, Infinity) },
)
const exchanges = fc.array(fc.tuple(scores, scores, scores), { minLength: 1, maxLength: 6 })

/** The first reason in the order of exchanges, then of keys; null if all that count are numbers. */
function firstMissing(rows: readonly (readonly Score[])[], keys: readonly string[]): Missing | null {
  for (const row of rows) {
    for (const key of keys) {
      const value = row[KEYS.indexOf(key)]!
      if (typeof value !== 'number') return value
      if (!Number.isFinite(value)) return { missing: `the scorer gave ${value} for ${key}` }
    }
  }
  return null
}

/** Each way with its formula as a plain loop. */
const combines: readonly { combine: Combine; keys: string[]; formula: (v: number[]) => number }[] = [
  { combine: product, keys: KEYS, formula: ([a, b, c]) => a! * b! * c! },
  { combine: geometricMean, keys: KEYS, formula: ([a, b, c]) => Math.cbrt(a! * b! * c!) },
  { combine: weightedSum(WEIGHTS), keys: ['c', 'a'], formula: ([c, a]) => 3 * a! - 0.5 * c! },
  { combine: only('b'), keys: ['b'], formula: ([b]) => b! },
  { combine: over(product, 'c', 'b'), keys: ['c', 'b'], formula: ([c, b]) => b! * c! },
]
const reduces: readonly {
  reduce: Reduce
  counts: (n: number) => number
  formula: (v: number[]) => number
}[] = [
  { reduce: sum, counts: () => 0, formula: v => v.reduce((a, b) => a + b) },
  { reduce: mean, counts: () => 0, formula: v => v.reduce((a, b) => a + b) / v.length },
  { reduce: max, counts: () => 0, formula: v => Math.max(...v) },
  { reduce: last, counts: n => n - 1, formula: v => v.at(-1)! },
]

test('every combination of a combine and a reduce is its formula, or missing with the first reason', () => {
  fc.assert(
    fc.property(exchanges, fc.constantFrom(...combines), fc.constantFrom(...reduces), (rows, c, r) => {
      const results = rows.map(([a, b, c]) => ({ scores: { a, b, c }, truncated: false }))
      const got = rowScore(results, KEYS, { combine: c.combine, reduce: r.reduce })
      const counted = rows.slice(r.counts(rows.length))
      const missing = firstMissing(counted, c.keys)
      if (missing) {
        expect(got).toEqual(missing)
        return
      }
      const values = counted.map(row => c.formula(c.keys.map(key => row[KEYS.indexOf(key)] as number)))
      const want = r.formula(values)
      expect(Math.abs((got as number) - want)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(want)))
    }),
    { numRuns: 1000 },
  )
})

describe('a number that is none', () => {
  const of = (combine: Combine, a: number, b: number) =>
    rowScore([{ scores: { a, b }, truncated: false }], ['a', 'b'], { combine })

  test('is missing, and says what made it', () => {
    expect(of(product, 1e200, 1e200)).toEqual({ missing: 'its scores 1e+200, 1e+200 make Infinity' })
    expect(of(geometricMean, 1e200, 1e200) as number).toBeCloseTo(1e200, -190)
    expect(of(geometricMean, -1, 4)).toEqual({
      missing: 'a geometric mean takes no negative score, and one is -1',
    })
    expect(of(weightedSum({ a: 1e308, b: 1 }), 10, 1)).toEqual({ missing: 'its scores 10, 1 make Infinity' })
  })

  test('comes of no own function either', () => {
    const ratio: Combine = { keys: ['a', 'b'], of: ofNumbers(([a, b]) => a! / b!) }
    expect(of(ratio, 6, 3)).toBe(2)
    expect(of(ratio, 0, 0)).toEqual({ missing: 'its scores 0, 0 make NaN' })
  })
})

test('weightedSum refuses weights that say nothing', () => {
  expect(() => weightedSum({})).toThrow(ScorerError)
  expect(() => weightedSum({ a: 1, b: Number.NaN })).toThrow(
    new ScorerError('weightedSum: the weight of b is NaN, expected a finite number'),
  )
})
