import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allTokens } from '../../src/losses/all-tokens'
import { averaged } from '../../src/losses/averaged'
import { drawTokens } from '../../src/losses/draw'
import { lengthDesensitized } from '../../src/losses/length-desensitized'
import { LossError } from '../../src/losses/loss'
import { sampled } from '../../src/losses/sampled'

const key = { seed: 1, epoch: 0, example: 7 }
const sum = (values: Float32Array) => values.reduce((a, b) => a + b, 0)

const lengths = fc.tuple(fc.integer({ min: 1, max: 80 }), fc.integer({ min: 1, max: 80 }))
const keys = fc.record({
  seed: fc.nat(),
  epoch: fc.nat({ max: 50 }),
  example: fc.nat({ max: 1e6 }),
})

describe('sampled', () => {
  it('draws as many different tokens of both answers, and all of the shorter one', () => {
    fc.assert(
      fc.property(lengths, keys, fc.constantFrom('shared', 'independent'), ([c, r], key, draw) => {
        const { chosen, rejected } = sampled({ draw }).weigh(c, r, key)
        const count = Math.min(c, r)
        for (const { policy, reference, length } of [chosen, rejected]) {
          expect(length).toBe(count)
          for (const factors of [policy, reference]) {
            expect(factors.every(factor => factor === 0 || factor === 1)).toBe(true)
            expect(sum(factors)).toBe(count)
          }
        }
        expect([chosen.policy.length, rejected.policy.length]).toEqual([c, r])
      }),
    )
  })

  it('draws the same for the same key, whatever was drawn before', () => {
    fc.assert(
      fc.property(lengths, fc.array(keys, { minLength: 2, maxLength: 8 }), ([c, r], all) => {
        const tokens = sampled()
        const forwards = all.map(key => tokens.weigh(c, r, key))
        const backwards = [...all].reverse().map(key => tokens.weigh(c, r, key))
        expect(backwards.reverse()).toEqual(forwards)
      }),
    )
  })

  it('draws anew each epoch, for each example, each seed and each side', () => {
    const draw = (change: Partial<typeof key>) => drawTokens(100, 50, { ...key, ...change }, 0)
    expect(draw({})).toEqual(draw({}))
    const others = [draw({ epoch: 1 }), draw({ example: 8 }), draw({ seed: 2 }), drawTokens(100, 50, key, 1)]
    for (const other of others) expect(other).not.toEqual(draw({}))
  })

  it('draws policy and reference together, or each by itself', () => {
    const shared = sampled().weigh(100, 50, key).chosen
    expect(shared.reference).toEqual(shared.policy)
    const independent = sampled({ draw: 'independent' }).weigh(100, 50, key).chosen
    expect(independent.policy).toEqual(shared.policy)
    expect(independent.reference).not.toEqual(shared.policy)
    // Each side's second draw is its own too.
    const turned = sampled({ draw: 'independent' }).weigh(50, 100, key).rejected
    expect(turned.reference).not.toEqual(independent.reference)
    expect(turned.reference).not.toEqual(turned.policy)
  })

  it('draws every position equally often, and every two together', () => {
    const length = 20
    const count = 5
    const draws = 4000
    const alone = new Float64Array(length)
    const together = new Float64Array(length * length)
    for (let example = 0; example < draws; example++) {
      const drawn = drawTokens(length, count, { ...key, example }, 0)
      for (let i = 0; i < length; i++) {
        alone[i]! += drawn[i]!
        for (let j = 0; j < i; j++) together[i * length + j]! += drawn[i]! * drawn[j]!
      }
    }
    // Binomial: standard deviations of 27 with p = 1/4 and of 14 with p = 1/19; five of them.
    for (const times of alone) expect(Math.abs(times - draws / 4)).toBeLessThan(137)
    for (let i = 0; i < length; i++) {
      for (let j = 0; j < i; j++) {
        expect(Math.abs(together[i * length + j]! - draws / 19)).toBeLessThan(71)
      }
    }
  })

  it('refuses a draw that it does not know', () => {
    // @ts-expect-error: not one of its names
    expect(() => sampled({ draw: 'some' })).toThrow(LossError)
  })
})

describe('averaged', () => {
  it('gives both answers the mean of their lengths in all', () => {
    fc.assert(
      fc.property(lengths, ([c, r]) => {
        const { chosen, rejected } = averaged().weigh(c, r, key)
        for (const { policy, length } of [chosen, rejected]) {
          expect(length).toBe((c + r) / 2)
          expect(sum(policy)).toBeCloseTo(length, 3)
          expect(new Set(policy).size).toBe(1)
        }
      }),
    )
  })
})

describe('lengthDesensitized', () => {
  it('counts what both answers have, and α of the rest', () => {
    const { chosen, rejected } = lengthDesensitized({ alpha: 0.25 }).weigh(5, 3, key)
    expect([...chosen.policy]).toEqual([1, 1, 1, 0.25, 0.25])
    expect([...chosen.reference]).toEqual([1, 1, 1, 0.25, 0.25])
    expect([...rejected.policy]).toEqual([1, 1, 1])
    expect([chosen.length, rejected.length]).toEqual([5, 3])
  })

  it('counts all tokens at α = 1', () => {
    expect(lengthDesensitized({ alpha: 1 }).weigh(9, 4, key)).toEqual(allTokens.weigh(9, 4, key))
  })

  it.each([-0.1, 1.1, Number.NaN])('refuses an α of %f', alpha => {
    expect(() => lengthDesensitized({ alpha })).toThrow(LossError)
  })
})
