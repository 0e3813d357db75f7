import fc from 'fast-check'
import { expect, it } from 'vitest'
import { checkSeed, gumbel, randomKey } from '../../src/selection/random-key'
import * as reference from '../reference/random-key'
import { seeds } from './items'

it('equals the reference', () => {
  fc.assert(
    fc.property(
      seeds,
      fc.constantFrom('random', 'dsir'),
      fc.oneof(fc.string(), fc.constantFrom('', 'ä', '行-1', '👩‍🚀', '\ud800')),
      (seed, purpose, id) => {
        expect(randomKey(seed, purpose, id)).toBe(reference.randomKey(seed, purpose, id))
      },
    ),
    { numRuns: 300, seed: 1 },
  )
})

it('is uniform over ids, seeds and purposes', () => {
  // Of 20 000 uniform keys a tenth holds 2000 ± 42; the bound is five deviations.
  for (const keyOf of [
    (i: number) => randomKey(1, 'random', `row-${i}`),
    (i: number) => randomKey(i, 'random', 'row'),
    (i: number) => randomKey(2 ** 32 * i, 'random', 'row'),
    (i: number) => randomKey(7, `purpose ${i}`, 'row'),
  ]) {
    const tenths = new Array<number>(10).fill(0)
    for (let i = 0; i < 20_000; i++) tenths[Math.floor(keyOf(i) * 10)]!++
    for (const n of tenths) expect(Math.abs(n - 2000)).toBeLessThan(212)
  }
})

it('draws for one seed independently of the next, and for one purpose of another', () => {
  const correlation = (a: (id: string) => number, b: (id: string) => number) => {
    let sum = 0
    for (let i = 0; i < 20_000; i++) sum += (a(`${i}`) - 0.5) * (b(`${i}`) - 0.5) * 12
    return sum / 20_000
  }
  const of = (seed: number, purpose: string) => (id: string) => randomKey(seed, purpose, id)
  // Of independent keys it is 0 ± 0.007.
  expect(Math.abs(correlation(of(1, 'random'), of(2, 'random')))).toBeLessThan(0.035)
  expect(Math.abs(correlation(of(1, 'random'), of(1, 'dsir')))).toBeLessThan(0.035)
  expect(correlation(of(1, 'random'), of(1, 'random'))).toBeCloseTo(1, 1)
})

it('makes Gumbel variates', () => {
  let sum = 0
  for (let i = 0; i < 20_000; i++) sum += gumbel(randomKey(3, 'random', `${i}`))
  // Their mean is Euler's constant, its error 1.28 / √20 000.
  expect(Math.abs(sum / 20_000 - 0.5772)).toBeLessThan(0.045)
  for (const uniform of [0.5 / 2 ** 52, 1e-9, 0.5, 1 - 2 ** -53]) {
    expect(gumbel(uniform)).toBeCloseTo(reference.gumbel(uniform), 12)
  }
})

it('takes whole seeds from 0', () => {
  for (const seed of [0, 1, 2 ** 40]) expect(() => checkSeed('random', seed)).not.toThrow()
  for (const seed of [-1, 0.5, NaN, 2 ** 53])
    expect(() => checkSeed('random', seed)).toThrow(`random: seed is ${seed}`)
})
