import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import { nearDuplicates } from '../../src/selection/near-duplicates'
import { select } from '../../src/selection/selector'
import { cosine, dot, negativeL1, negativeL2 } from '../../src/similarity/metric'
import { test } from '../gpu'
import { type MetricName, similarity } from '../reference/deita'
import * as reference from '../reference/near-duplicates'
import { numberOr, scores } from './items'
import { givenVectors } from './vectors'

const components = fc.constantFrom(-1, 0, 1, 2)
const vectors = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(components, components, components) },
  { weight: 1, arbitrary: fc.constantFrom([NaN, 1, 0], [0, 0, 0], [Infinity, 0, 0]) },
)

const cases = fc.array(fc.record({ score: scores, vector: vectors }), { maxLength: 14 }).chain(list =>
  fc.record({
    list: fc.constant(list),
    indices: fc.uniqueArray(fc.nat({ max: 40 }), { minLength: list.length, maxLength: list.length }),
    // A row may be a copy of an earlier one: of one content, so of one vector.
    copies: fc.array(fc.option(fc.nat(), { freq: 2 }), { minLength: list.length, maxLength: list.length }),
    like: fc.oneof(
      fc.record({
        metric: fc.constant(cosine),
        threshold: fc.oneof(fc.constantFrom(-1, 0, 0.5, 0.9, 1), fc.double({ min: -1, max: 1, noNaN: true })),
      }),
      fc.record({
        metric: fc.constantFrom(dot, negativeL1, negativeL2),
        threshold: fc.constantFrom(-2, -1, -0.5, 0),
      }),
    ),
    budget: fc.oneof(fc.constantFrom(undefined, 0, 1, Infinity), fc.nat({ max: 15 })),
    blockSize: fc.constantFrom(1, 3, 64),
  }),
)

describe('near-duplicates', () => {
  test('keeps what a double loop keeps', async ({ gpu }) => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ list, indices, copies, like, budget, blockSize }) => {
        const content: number[] = []
        for (const [i, copy] of copies.entries())
          content.push(copy === null || i === 0 ? i : content[copy % i]!)
        const rows = list.map(({ score }, i) => ({
          index: indices[i]!,
          score: Number.isFinite(score) || typeof score === 'number' ? numberOr(score) : NaN,
          content: `${content[i]}`,
          vector: Float32Array.from(list[content[i]!]!.vector),
        }))
        const items = list.map(({ score }, i) => ({
          index: indices[i]!,
          id: `${i}`,
          score,
          text: `${content[i]}`,
        }))
        const stored = givenVectors(
          gpu,
          list.map(({ vector }) => Float32Array.from(vector)),
          3,
        )
        const options = { ...like, blockSize, ...(budget === undefined ? {} : { budget }) }
        const { outcomes } = await select({ items, vectors: stored }, nearDuplicates(options))
        const got = outcomes.map(({ index, position, decision }) => ({
          index,
          position,
          decision: decision.kind === 'invalid' ? { kind: 'invalid' } : decision,
        }))
        expect(got).toEqual(
          reference.nearDuplicates(rows, like.metric.name as MetricName, like.threshold, budget ?? Infinity),
        )
        expect(outcomes.map(({ value }) => value)).toEqual(list.map(({ score }) => score))
      }),
      { numRuns: 250, seed: 1 },
    )
  })

  const pool = (gpu: Gpu, rows: readonly (readonly number[])[], score: number | { missing: string }) => ({
    items: rows.map((_, i) => ({ index: i, id: `${i}`, score, text: `${i}`, tokens: 10 })),
    vectors: givenVectors(gpu, rows, 2),
  })

  test('goes by the order of the file where there are no scores', async ({ gpu }) => {
    const rows = [
      [1, 0],
      [1, 0.01],
      [0, 1],
      [0.01, 1],
      [1, 1],
    ] as const
    const { outcomes } = await select(
      pool(gpu, rows, { missing: 'not scored' }),
      nearDuplicates({ threshold: 0.99 }),
    )
    const value = similarity('cosine', Float32Array.from(rows[0]), Float32Array.from(rows[1]))
    expect(outcomes.map(({ decision }) => decision)).toEqual([
      { kind: 'kept', rank: 0 },
      { kind: 'similar', to: 0, similarity: value },
      { kind: 'kept', rank: 1 },
      { kind: 'similar', to: 2, similarity: value },
      { kind: 'kept', rank: 2 },
    ])
  })

  test('ends with the first row that exceeds a budget in tokens', async ({ gpu }) => {
    const rows = [
      [1, 0],
      [0, 1],
      [-1, 0],
      [0, -1],
    ]
    const { kept } = await select(
      pool(gpu, rows, 1),
      nearDuplicates({ threshold: 0.5, budget: { tokens: 25 } }),
    )
    expect(kept).toEqual([0, 1])
  })

  it('explains what it cannot take', async () => {
    expect(() => nearDuplicates({ threshold: 1.5 })).toThrow(/near-duplicates: threshold is 1.5/)
    expect(() => nearDuplicates({ threshold: 0.5, blockSize: 0 })).toThrow(/near-duplicates: blockSize is 0/)
    expect(() => nearDuplicates({ threshold: 0.5, budget: -1 })).toThrow(/near-duplicates: budget is -1/)
    await expect(select({ items: [] }, nearDuplicates({ threshold: 0.5 }))).rejects.toThrow(
      /near-duplicates: the pool has no vectors/,
    )
  })
})
