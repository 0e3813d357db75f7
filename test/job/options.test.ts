import { describe, expect, test } from 'vitest'
import { budgetFor } from '../../src/job/options'

describe('budgetFor', () => {
  test('is a tenth of the rows, rounded up, and at most 6000', () => {
    expect([0, 1, 10, 11, 999, 59_999, 60_001].map(rows => budgetFor({ budget: null }, rows))).toEqual([
      0, 1, 1, 2, 100, 6000, 6000,
    ])
  })

  test('is what was asked for, 0 and more than there are included', () => {
    expect([0, 7, 1e6].map(budget => budgetFor({ budget }, 10))).toEqual([0, 7, 1e6])
  })
})
