import { describe, expect } from 'vitest'
import { RowFlag } from '../../src/similarity/prepare-rows'
import { TargetSimilarity } from '../../src/similarity/target-similarity'
import { test } from '../gpu'
import { noise } from '../numbers'
import { rounded, similarity } from '../reference/fixed-point-rows'

const rowsOf = (values: Float32Array, E: number) =>
  Array.from({ length: values.length / E }, (_, i) => rounded(values.subarray(i * E, (i + 1) * E)))

describe('target-similarity', () => {
  test.for([
    { N: 1, Q: 1, E: 1 },
    { N: 65, Q: 4, E: 7 },
    { N: 130, Q: 9, E: 16 },
    { N: 20, Q: 3, E: 123 },
  ])('is the similarity of the rounded rows at %o', async ({ N, Q, E }, { gpu }) => {
    const targets = noise(Q * E, 1)
    using compared = new TargetSimilarity(gpu, targets, E, N)
    expect(compared.blockRows).toBe(N)
    // A full block, then a smaller one whose second row has no direction.
    for (const [n, seed] of [
      [N, 2],
      [Math.ceil(N / 2), 3],
    ] as const) {
      const values = noise(n * E, seed)
      if (seed === 3 && n > 1) values.fill(0, E, 2 * E)
      const { flags, similarities } = await compared.compare(values)
      const rows = rowsOf(values, E)
      expect([...flags]).toEqual(rows.map(row => (row ? RowFlag.usable : RowFlag.zero)))
      const valid = rows.filter(row => row !== null)
      const want = rowsOf(targets, E).flatMap(target => valid.map(row => similarity(row, target!)))
      expect([...similarities]).toEqual(want)
    }
  })

  test('takes blocks without a row, and explains what it cannot take', async ({ gpu }) => {
    using compared = new TargetSimilarity(gpu, Float32Array.of(1, 2), 2)
    expect((await compared.compare(new Float32Array(0))).similarities.length).toBe(0)
    const { flags, similarities } = await compared.compare(Float32Array.of(0, 0))
    expect([[...flags], similarities.length]).toEqual([[RowFlag.zero], 0])
    expect(() => new TargetSimilarity(gpu, new Float32Array(0), 2)).toThrow(/no target/)
    expect(() => new TargetSimilarity(gpu, Float32Array.of(1, 2, 0, 0), 2)).toThrow(/target 1 is zero/)
  })
})
