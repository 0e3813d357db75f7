import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { betaDpo } from '../../src/selection/beta-dpo'
import { betaDpoStart, betaDpoWeights } from '../../src/selection/beta-dpo-weights'
import { select } from '../../src/selection/selector'
import * as reference from '../reference/beta-dpo'
import { outcomes, sortedBy } from '../reference/outcomes'
import { randomKey } from '../reference/random-key'
import { asBudget, decided, numberOr, pairs, seeds, withBudget } from './items'

const close = (value: number) => expect.closeTo(value, 9)

describe('betaDpoWeights', () => {
  it('equals the reference', () => {
    const margin = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ min: -20, max: 20, noNaN: true }))
    const cases = fc.record({
      margins: fc.array(margin, { minLength: 1, maxLength: 12 }),
      state: fc.record({
        mean: fc.double({ min: -3, max: 3, noNaN: true }),
        deviation: fc.constantFrom(0, 0.5, 2),
      }),
      beta: fc.constantFrom(0.01, 0.1, 1),
      scale: fc.constantFrom(0, 0.6, -2),
      percent: fc.nat({ max: 100 }),
      momentum: fc.constantFrom(0, 0.5, 0.9),
      seed: seeds,
    })
    fc.assert(
      fc.property(cases, ({ margins, state, beta, scale, percent, momentum, seed }) => {
        const uniforms = margins.map((_, i) => randomKey(seed, 'test', `${i}`))
        const want = reference.betaDpo(margins, state, { beta, scale, percent, momentum, uniforms })
        const drop = percent / 100
        const got = betaDpoWeights(margins, state, {
          beta,
          scale,
          drop,
          momentum,
          uniform: i => uniforms[i]!,
        })
        expect(got.kept).toEqual(want.kept)
        expect([...got.weights]).toEqual(want.weights.map(close))
        expect(got.beta).toEqual(close(want.beta))
        expect(got.state).toEqual({ mean: close(want.state.mean), deviation: close(want.state.deviation) })
      }),
      { numRuns: 400, seed: 1 },
    )
  })

  it('draws in proportion to the weights', () => {
    // With σ = 1 around 0, a margin of 1.5 weighs exp(−1.125) = 0.3247 of one of 0: it is drawn first in 24.5 %.
    let second = 0
    for (let seed = 0; seed < 4000; seed++) {
      const { kept, weights } = betaDpoWeights(
        [0, 1.5],
        { mean: 0, deviation: 1 },
        {
          drop: 0.5,
          momentum: 1 - 2 ** -40,
          uniform: i => randomKey(seed, 'test', `${i}`),
        },
      )
      expect(weights[1]).toBeCloseTo(0.3247, 4)
      if (kept[0] === 1) second++
    }
    // 980 ± 27; the bound is five deviations.
    expect(Math.abs(second - 980)).toBeLessThan(136)
  })

  it('raises β over batches of large margins, and lowers it over small ones, but not below 0.001', () => {
    const state = { mean: 1, deviation: 1 }
    const options = { beta: 0.1, scale: 0.6, drop: 0, uniform: () => 0.5 }
    // μ = 0.9 + 0.1 · 3 = 1.2 and Ā = 3.
    expect(betaDpoWeights([3, 3], state, options).beta).toBeCloseTo(0.1 * (1 + 0.6 * 1.8), 12)
    expect(betaDpoWeights([0, 0], state, options).beta).toBeCloseTo(0.1 * (1 - 0.6 * 0.9), 12)
    expect(betaDpoWeights([-50, -50], state, options).beta).toBe(1e-3)
  })

  it('carries its averages on, and leaves them alone over an empty batch', () => {
    const options = { uniform: () => 0.5 }
    const { state } = betaDpoWeights([1, 3], betaDpoStart, options)
    expect(state).toEqual({ mean: close(0.2), deviation: close(0.1 * Math.SQRT2) })
    const empty = betaDpoWeights([], state, options)
    expect(empty).toEqual({ weights: new Float64Array(0), kept: [], beta: 0.1, state })
  })

  it('explains what it cannot take', () => {
    const of =
      (options: object, margins = [1]) =>
      () =>
        betaDpoWeights(margins, betaDpoStart, { uniform: () => 0.5, ...options })
    expect(of({ uniform: () => 0 })).toThrow(/uniform\(0\) is 0/)
    expect(of({}, [1, NaN])).toThrow(/beta-dpo: margin 1 is NaN; leave out/)
    expect(of({ beta: 0 })).toThrow(/beta-dpo: beta is 0/)
    expect(of({ scale: NaN })).toThrow(/beta-dpo: scale is NaN/)
    expect(of({ drop: 1.1 })).toThrow(/beta-dpo: drop is 1.1/)
    expect(of({ momentum: 1 })).toThrow(/beta-dpo: momentum is 1/)
  })
})

describe('beta-dpo', () => {
  it('draws from batches of a drawn order', async () => {
    const options = fc.record({
      seed: seeds,
      batchSize: fc.constantFrom(1, 3, 64),
      percent: fc.nat({ max: 100 }),
    })
    const starts = fc.option(fc.constant({ mean: 0, deviation: 0 }), { nil: undefined })
    await fc.assert(
      fc.asyncProperty(
        withBudget(pairs),
        options,
        starts,
        async ({ items, wish }, { seed, batchSize, percent }, start) => {
          const rows = items.map(item => ({
            ...item,
            tokens: (item.chosenTokens ?? NaN) + (item.rejectedTokens ?? NaN),
          }))
          const known = rows.filter(({ implicitMargin }) => Number.isFinite(implicitMargin))
          const order = sortedBy(known, ({ id }) => randomKey(seed, 'beta-dpo order', id))
          const all = order.map(({ implicitMargin }) => numberOr(implicitMargin))
          let state = start ?? { mean: reference.meanOf(all), deviation: reference.deviationOf(all) }
          const drawn: typeof order = []
          for (let begin = 0; begin < order.length; begin += batchSize) {
            const batch = order.slice(begin, begin + batchSize)
            const result = reference.betaDpo(all.slice(begin, begin + batchSize), state, {
              beta: 0.1,
              scale: 0.6,
              momentum: 0.9,
              percent,
              uniforms: batch.map(({ id }) => randomKey(seed, 'beta-dpo draw', id)),
            })
            state = result.state
            drawn.push(...result.kept.map(i => batch[i]!))
          }
          const want = outcomes(rows, drawn, wish, pair => ({
            kind: known.includes(pair) ? 'excluded' : 'invalid',
          }))
          const selector = betaDpo({
            seed,
            batchSize,
            drop: percent / 100,
            budget: asBudget(wish),
            ...(start ? { start } : {}),
          })
          expect(await decided(items, selector)).toEqual(want)
        },
      ),
      { numRuns: 300, seed: 1 },
    )
  })

  it('leaves out what stands out, and says so', async () => {
    const items = Array.from({ length: 50 }, (_, index) => ({
      index,
      id: `pair-${index}`,
      implicitMargin: index % 10 === 9 ? 40 : (index % 7) / 7,
    }))
    const { kept, outcomes } = await select({ items }, betaDpo({ seed: 1, drop: 0.2, batchSize: 25 }))
    expect(kept).toHaveLength(40)
    expect(kept.filter(index => items[index]!.implicitMargin === 40)).toEqual([])
    const out = outcomes.find(({ value, decision }) => value === 40 && decision.kind === 'excluded')
    expect(out).toMatchObject({ value: 40, position: null })
    expect(out!.decision).toHaveProperty(
      'reason',
      expect.stringMatching(
        /^not drawn from its batch: its implicit margin 40 is \d\.\d deviations from the mean \d/,
      ),
    )
  })

  it('explains what it cannot take', () => {
    expect(() => betaDpo({ seed: -1 })).toThrow(/beta-dpo: seed is -1/)
    expect(() => betaDpo({ seed: 1, batchSize: 0 })).toThrow(/beta-dpo: batchSize is 0/)
    expect(() => betaDpo({ seed: 1, budget: -1 })).toThrow(/beta-dpo: budget is -1/)
    expect(() => betaDpo({ seed: 1, drop: -1 })).toThrow(/beta-dpo: drop is -1/)
    expect(() => betaDpo({ seed: 1, momentum: NaN })).toThrow(/beta-dpo: momentum is NaN/)
    expect(() => betaDpo({ seed: 1, start: { mean: NaN, deviation: 1 } })).toThrow(/start has mean NaN/)
    expect(() => betaDpo({ seed: 1, start: { mean: 0, deviation: -1 } })).toThrow(/deviation -1/)
  })
})
