import { describe, it } from 'vitest'
import { expectGradient } from '../finite-differences'
import { orpoTwin, pairTwins } from './pair-twins'

/** Sums of pairs on both sides of every bend, none at one. */
const pairs = [
  [0.3, -0.2, 3, 5],
  [-1.7, 2.1, 4, 2],
  [4.2, 0.9, 1, 1],
  [-3.1, -2.6, 7, 3],
  [9.3, -8.8, 12, 40],
] as const

describe.each([...pairTwins, orpoTwin])('the twin of $name', ({ twin }) => {
  it.each(pairs)('has the slopes of its values at %f and %f', (a, b, lc, lr) => {
    // Log-probs move with the log-ratios, from a reference that is fixed.
    const [ca, cb] = [-12 - a, -15 - b]
    const at = (x: ArrayLike<number>) =>
      twin({ policy: x[0]! + ca, ratio: x[0]!, length: lc }, { policy: x[1]! + cb, ratio: x[1]!, length: lr })
    expectGradient(x => [at(x).value], Float64Array.of(a, b), [1], at([a, b]).slopes)
  })
})
