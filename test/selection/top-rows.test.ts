import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TopRows } from '../../src/selection/top-rows'

test('keeps the largest of all that are added, of equal ones the first', () => {
  const values = fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer()), { maxLength: 60 })
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 20 }), (all, depth) => {
      const top = new TopRows(depth)
      for (const [i, value] of all.entries()) top.add(i, value, 7 * i)
      const want = all
        .map((value, row) => ({ row, value, tag: 7 * row }))
        .sort((a, b) => b.value - a.value || a.row - b.row)
      expect(top.take()).toEqual(want.slice(0, depth))
    }),
    { numRuns: 400, seed: 1 },
  )
})
