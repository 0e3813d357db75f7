import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { columnNumbers } from '../../src/data/column-numbers'

const of = (value: unknown) => columnNumbers({ x: value }, 'x')
const problem = (value: unknown) => (of(value) as { problem: string }).problem

test('reads numbers and lists of them, also of typed arrays, of 64-bit integers and of JSON in text', () => {
  const number = fc.double({ noNaN: true, noDefaultInfinity: true })
  fc.assert(
    fc.property(fc.array(number), number, (list, one) => {
      expect(of(list)).toEqual(list)
      expect(of(Float64Array.from(list))).toEqual(list)
      expect(of(one)).toBe(one)
      // JSON has no −0.
      expect(of(JSON.stringify(list))).toEqual(list.map(value => value + 0))
      expect(of(` ${JSON.stringify(one)}\n`)).toBe(one + 0)
    }),
    { numRuns: 300 },
  )
  expect(of([1n, -2n])).toEqual([1, -2])
  expect(of(3n)).toBe(3)
})

test('gives numbers or a reason whatever is there, and never what is no finite number', () => {
  fc.assert(
    fc.property(fc.anything(), value => {
      const got = columnNumbers(value, 'x')
      const [inside] = [of(value), of([1, value])]
      for (const result of [got, inside]) {
        if (typeof result === 'object' && 'problem' in result) expect(result.problem).toContain('"x"')
        else expect([result].flat().every(v => Number.isFinite(v))).toBe(true)
      }
    }),
    { numRuns: 1000 },
  )
})

describe('what is no number', () => {
  test.each([
    [undefined, 'the row has no column "x"'],
    [null, '"x" is null, expected a number or a list of numbers'],
    ['', '"x" is text, expected a number or a list of numbers'],
    ['[1, ', '"x" is text, expected a number or a list of numbers'],
    ['1.5.2', '"x" is text, expected a number or a list of numbers'],
    [Number.NaN, '"x" is NaN, expected a number or a list of numbers'],
    [{ 0: 1 }, '"x" is an object, expected a number or a list of numbers'],
    [true, '"x" is true, expected a number or a list of numbers'],
    [[1, null], '"x": value 2 is null, expected a number'],
    [[1, '2'], '"x": value 2 is text, expected a number'],
    ['[1, [2]]', '"x": value 2 is a list, expected a number'],
    [Float32Array.of(1, Number.POSITIVE_INFINITY), '"x": value 2 is Infinity, expected a number'],
  ])('%o', (value, reason) => {
    expect(problem(value)).toBe(reason)
  })

  test('is a row without columns, and a name that is inherited', () => {
    expect(columnNumbers([1], 'x')).toEqual({ problem: 'the row has no column "x"' })
    expect(columnNumbers({}, 'constructor')).toEqual({ problem: 'the row has no column "constructor"' })
  })
})
