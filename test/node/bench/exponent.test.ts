import { describe, expect, it } from 'vitest'
import { exponent } from '../../../bench/harness/exponent'

const points = (of: (x: number) => number, count = 6) =>
  Array.from({ length: count }, (_, n) => [2 ** n, of(2 ** n)] as const)

describe('the exponent of a power', () => {
  it.each([0, 1, 2, 0.5])('x^%f', power => {
    expect(exponent(points(x => 7 * x ** power))).toBeCloseTo(power, 9)
  })

  it('is that of the large sizes', () => {
    const curve = points(x => (x < 4 ? 1000 : 5 * x), 8)
    expect(exponent(curve)).toBeCloseTo(1, 9)
  })

  it('lies between those of the parts of a sum', () => {
    const fitted = exponent(points(x => x + x ** 2))
    expect(fitted).toBeGreaterThan(1)
    expect(fitted).toBeLessThan(2)
  })
})
