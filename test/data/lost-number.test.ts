import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lostNumber } from '../../src/data/lost-number'
import { readRows } from '../../src/data/read-rows'
import { writeRows } from '../../src/data/write-rows'

const lost = ['1e999', '-1e999', '1e-999', '123456789012345678e2', '12345678901234567.8', '9007199254740993']
const more = ['0.10000000000000000000001', '1.0000000000000000056e-01', '1152921504606846977']
const kept = [
  ['0', '-0', '0.0', '1.50', '1E5', '100000000000000000000', '1e23', '5e-324', '0.000000000000000001e18'],
  ['9007199254740992', '1.7976931348623157e308', '0.1000000000000000056', '1.000000000000000056e-01'],
]

describe('numbers that a double does not hold', () => {
  it.each([...lost, ...more])('%s', number => {
    expect(lostNumber(`{"a":["${number}",1.5,{"b":${number}}]}`)).toBe(number)
  })

  it.each(kept.flat())('not %s', number => {
    expect(lostNumber(`{"a":["1e999\\"",1.5,{"b":${number}}]}`)).toBeUndefined()
  })

  it('not any double, with any number of digits', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer({ min: 17, max: 40 }),
        (x, n) => {
          expect(lostNumber(`[${JSON.stringify(x)}]`)).toBeUndefined()
          const long = x.toExponential(n)
          expect(lostNumber(`[${long}]`)).toBeUndefined()
        },
      ),
    )
  })

  it('are refused where rows are written as Parquet', async () => {
    for (const number of lost) {
      const file = await readRows(`{"instruction":"a","output":"b","n":${number}}`)
      await expect(writeRows(file, [0], { container: 'parquet' })).rejects.toThrow(
        `row 1 has the number ${number}, of which Parquet would lose digits. Write JSON lines instead`,
      )
    }
  })
})
