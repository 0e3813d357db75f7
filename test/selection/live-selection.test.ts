import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { columnVectors } from '../../src/embedding/column-vectors'
import { deita } from '../../src/selection/deita'
import { LiveSelection } from '../../src/selection/live-selection'
import { select } from '../../src/selection/selector'
import { test } from '../gpu'
import { noise } from '../numbers'
import { cosine } from '../reference/similarity'
import { cases, poolOf } from './pools'

describe('LiveSelection', () => {
  test('selects what deita selects, whatever is asked', async ({ gpu }) => {
    const higher = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(cases, higher, async ({ rows, settings }, shares) => {
        const pool = poolOf(gpu, rows)
        const live = await LiveSelection.create(pool, {
          lowest: settings.threshold,
          metric: settings.metric,
        })
        expect(live.lowest).toBe(settings.threshold)
        for (const share of [0, ...shares]) {
          const threshold = Math.min(settings.metric.range[1], settings.threshold + share)
          const want = await select(pool, deita({ ...settings, threshold }))
          const { metric: _, ...asked } = settings
          expect(live.select({ ...asked, threshold })).toEqual(want)
        }
      }),
      { numRuns: 200, seed: 1 },
    )
  })

  const rows = (n: number, E: number) => {
    const centres = noise(12 * E, 1)
    const away = noise(n * E, 2, 0.3)
    return Array.from({ length: n }, (_, i) => ({
      index: n - 1 - i,
      score: (i * 7) % 13,
      vector: Float32Array.from({ length: E }, (_, e) => centres[(i % 12) * E + e]! + away[i * E + e]!),
    }))
  }

  test('raises its lowest threshold where there are too many pairs, and stays exact', async ({ gpu }) => {
    const pool = poolOf(gpu, rows(120, 9))
    const live = await LiveSelection.create(pool, { lowest: 0.2, maxPairs: 300 })
    expect(live.pairCount).toBeLessThanOrEqual(300)
    expect(live.lowest).toBeGreaterThan(0.2)
    expect(() => live.select({ budget: 5, threshold: 0.2 })).toThrow(
      /threshold is 0.2, expected 0\.\d+ or more/,
    )
    for (const threshold of [live.lowest, 0.97, 1]) {
      const want = await select(pool, deita({ budget: Infinity, threshold }))
      expect(live.select({ budget: Infinity, threshold })).toEqual(want)
    }
  })

  test('lets a later row stand in for an excluded one of its content', async ({ gpu }) => {
    const list = [
      { index: 0, score: 3, vector: [1, 0], content: 'first' },
      { index: 1, score: 2, vector: [1, 0.1], content: 'second' },
      { index: 2, score: 1, vector: [1, 0], content: 'first' },
    ]
    const pool = poolOf(gpu, list)
    const settings = { budget: 3, threshold: 0.9, exclude: new Map([[0, 'not wanted']]) }
    const live = await LiveSelection.create(pool)
    const selection = live.select(settings)
    expect(selection.kept).toEqual([1])
    expect(selection).toEqual(await select(pool, deita(settings)))
  })

  test('lets an infinite score stand before nobody', async ({ gpu }) => {
    const list = [
      { index: 0, score: Infinity, vector: [1, 0], content: 'first' },
      { index: 1, score: 1, vector: [1, 0], content: 'first' },
      { index: 2, score: 2, vector: [1, 0.01], content: 'second' },
    ]
    const pool = poolOf(gpu, list)
    const live = await LiveSelection.create(pool)
    const selection = live.select({ budget: 3, threshold: 0.9 })
    expect(selection.kept).toEqual([2])
    expect(selection).toEqual(await select(pool, deita({ budget: 3, threshold: 0.9 })))
  })

  test('selects what deita selects of stored vectors that differ within a text, or are missing', async ({
    gpu,
  }) => {
    const choice = fc.array(
      fc.record({
        text: fc.constantFrom('a', 'b', 'c'),
        vector: fc.constantFrom([1, 0], [0, 1], [1, 0.2], null),
        score: fc.integer({ min: 1, max: 4 }),
        pin: fc.constantFrom('keep', 'leave', null, null, null),
      }),
      { minLength: 1, maxLength: 12 },
    )
    await fc.assert(
      fc.asyncProperty(choice, fc.boolean(), async (list, pinned) => {
        const raws = list.map(({ vector }, index) => ({ index, raw: vector ? { embedding: vector } : {} }))
        if (list.every(({ vector }) => vector === null)) return
        const items = list.map(({ text, score }, index) => ({ index, id: `row-${index}`, text, score }))
        const pool = { items, vectors: columnVectors(gpu, raws, 'embedding') }
        const of = (pin: string) => list.flatMap((row, i) => (pinned && row.pin === pin ? [i] : []))
        const settings = {
          budget: 5,
          threshold: 0.9,
          keep: new Set(of('keep')),
          exclude: new Map(of('leave').map(i => [i, 'no'] as const)),
        }
        const live = await LiveSelection.create(pool)
        const want = await select(pool, deita(settings))
        expect(live.select(settings)).toEqual(want)
        for (const [i, { vector }] of list.entries()) {
          const { decision } = want.outcomes[i]!
          if (vector === null)
            expect(['kept', 'excluded', 'invalid', 'beyond budget']).toContain(decision.kind)
          if (decision.kind === 'duplicate') expect(list[decision.of]!.vector).not.toBeNull()
        }
      }),
      { numRuns: 200, seed: 1 },
    )
  })

  test('lists the pairs nearest to a threshold', async ({ gpu }) => {
    const list = rows(60, 7)
    const live = await LiveSelection.create(poolOf(gpu, list), { lowest: 0.4 })
    const ranked = [...list].sort((a, b) => b.score - a.score || a.index - b.index)
    const pairs = ranked
      .flatMap((a, i) =>
        ranked.slice(i + 1).map(b => ({
          index: a.index,
          other: b.index,
          similarity: cosine(a.vector, b.vector),
        })),
      )
      .filter(({ similarity }) => similarity > 0.4)
    expect(live.pairCount).toBe(pairs.length)
    const near = (τ: number) => (a: { similarity: number }, b: { similarity: number }) =>
      Math.abs(a.similarity - τ) - Math.abs(b.similarity - τ)
    for (const τ of [0.4, 0.9, 1]) {
      const sorted = [...pairs].sort(near(τ))
      expect(live.pairsNear(τ, 10)).toEqual(sorted.slice(0, 10))
      expect(live.pairsNear(τ, 10, 'above')).toEqual(sorted.filter(p => p.similarity > τ).slice(0, 10))
      expect(live.pairsNear(τ, 10, 'below')).toEqual(sorted.filter(p => p.similarity <= τ).slice(0, 10))
    }
  })

  test('explains what it cannot take', async ({ gpu }) => {
    const pool = poolOf(gpu, rows(4, 3))
    await expect(LiveSelection.create({ items: pool.items })).rejects.toThrow(/no vectors/)
    await expect(LiveSelection.create(pool, { lowest: 1.5 })).rejects.toThrow(/lowest is 1.5/)
    const live = await LiveSelection.create(pool)
    expect(() => live.select({ budget: -1, threshold: 0.9 })).toThrow(/budget is -1/)
    expect(() => live.select({ budget: 1, threshold: NaN })).toThrow(/threshold is NaN/)
    const pins = { keep: new Set([1]), exclude: new Map([[1, 'no']]) }
    expect(() => live.select({ budget: 1, threshold: 0.9, ...pins })).toThrow(/row-1 is to be kept, and left/)
    await expect(select(pool, deita({ budget: 1, ...pins }))).rejects.toThrow(/row-1 is to be kept, and left/)
  })

  test('refuses pairs that are not as a join lists them', () => {
    const items = rows(3, 1).map(({ index, score }) => ({ index, id: `${index}`, score, text: `${index}` }))
    const edges = (from: number[], to: number[]) => ({
      threshold: 0.5,
      from: Uint32Array.from(from),
      to: Uint32Array.from(to),
      similarity: Float64Array.from(from, () => 0.9),
      flags: new Uint32Array(3),
    })
    const build = (from: number[], to: number[]) => () => new LiveSelection(items, edges(from, to))
    expect(build([0, 0, 1], [1, 2, 2])).not.toThrow()
    expect(build([0, 1, 0], [1, 2, 2])).toThrow(/pair 2 joins row 0 to row 2/)
    expect(build([0, 0], [2, 1])).toThrow(/pair 1 joins row 0 to row 1/)
    expect(build([0, 0], [1, 1])).toThrow(/pair 1/)
    expect(build([1], [0])).toThrow(/pair 0/)
    expect(build([0], [3])).toThrow(/expected from < to < 3/)
  })

  test('stops when it is told to', async ({ gpu }) => {
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(LiveSelection.create(poolOf(gpu, rows(4, 3)), { signal })).rejects.toThrow('enough')
  })
})
