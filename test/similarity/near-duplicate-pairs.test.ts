import { describe, expect } from 'vitest'
import { negativeL2 } from '../../src/similarity/metric'
import { nearDuplicatePairs } from '../../src/similarity/near-duplicate-pairs'
import { tensorRows } from '../../src/similarity/row-source'
import { test } from '../gpu'

describe('near-duplicate-pairs', () => {
  test('gives pairs above the threshold, the most similar first', async ({ gpu }) => {
    using rows = gpu.tensor([5, 2], Float32Array.of(1, 0, 0, 1, 1, 0.1, 0, 2, 1, 0))
    const { threshold, pairs } = await nearDuplicatePairs(gpu, tensorRows(rows))
    expect(threshold).toBe(0.9)
    const near = 1 / Math.hypot(1, Math.fround(0.1))
    expect(pairs.map(({ row, other }) => [row, other])).toEqual([
      [0, 4],
      [1, 3],
      [0, 2],
      [2, 4],
    ])
    expect(pairs[0]!.similarity).toBe(1)
    expect(pairs[2]!.similarity).toBeCloseTo(near, 14)
    const places = await nearDuplicatePairs(gpu, tensorRows(rows), { metric: negativeL2, threshold: -0.5 })
    expect(places.pairs.map(({ row, other }) => [row, other])).toEqual([
      [0, 4],
      [0, 2],
      [2, 4],
    ])
    const few = await nearDuplicatePairs(gpu, tensorRows(rows), { maxEdges: 2 })
    expect(few.threshold).toBeCloseTo(near, 14)
    expect(few.pairs.length).toBe(2)
  })
})
