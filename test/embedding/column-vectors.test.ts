import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { columnVectors } from '../../src/embedding/column-vectors'
import { VectorsError } from '../../src/embedding/vectors'
import { test } from '../gpu'

const rowsOf = (values: readonly unknown[]) =>
  values.map((embedding, i) => ({ index: 2 * i, raw: embedding === undefined ? {} : { embedding } }))
const asked = (...indices: number[]) => indices.map(index => ({ index, text: '' }))

describe('columnVectors', () => {
  test('gives the vectors of the rows that are asked for, in that order', async ({ gpu }) => {
    const vectors = columnVectors(gpu, rowsOf([[1, 2], '[3, 4]', Float32Array.of(5, 6)]), 'embedding')
    expect([vectors.name, vectors.dimensions, vectors.problems?.size]).toEqual(['column "embedding"', 2, 0])
    using taken = await vectors.take(asked(4, 0, 2))
    expect(taken.shape).toEqual([3, 2])
    expect([...(await gpu.read(taken))]).toEqual([5, 6, 1, 2, 3, 4])
  })

  test('has a reason and NaN for every row without a vector of the length that most have', async ({
    gpu,
  }) => {
    const vector = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 3 })
    const value = fc.oneof(
      { weight: 4, arbitrary: vector as fc.Arbitrary<unknown> },
      { weight: 1, arbitrary: fc.constantFrom<unknown>(undefined, null, [], [Number.NaN, 1], 'x', 3) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 12 }), async values => {
        const good = (v: unknown): v is number[] =>
          Array.isArray(v) && v.length > 0 && v.every(Number.isFinite)
        const lengths = values.filter(good).map(v => v.length)
        const count = (n: number) => lengths.filter(length => length === n).length
        const most = lengths.reduce((best, n) => (count(n) > count(best) ? n : best), lengths[0] ?? 0)
        if (most === 0) {
          expect(() => columnVectors(gpu, rowsOf(values), 'embedding')).toThrow(VectorsError)
          return
        }
        const vectors = columnVectors(gpu, rowsOf(values), 'embedding')
        using taken = await vectors.take(asked(...values.map((_, i) => 2 * i)))
        const got = await gpu.read(taken)
        values.forEach((v, i) => {
          const fits = good(v) && v.length === most
          const want = fits ? v : new Array(most).fill(Number.NaN)
          expect([...got.subarray(i * most, (i + 1) * most)]).toEqual(want)
          expect(vectors.problems?.has(2 * i)).toBe(!fits)
        })
      }),
      { numRuns: 200 },
    )
  })

  test('names the column and what was wrong', ({ gpu }) => {
    const { problems } = columnVectors(gpu, rowsOf([[1, 2], [3], undefined, 4, []]), 'embedding')
    expect([...problems!].sort(([a], [b]) => a - b)).toEqual([
      [2, '"embedding" has 1 values, expected 2 as most rows have'],
      [4, 'the row has no column "embedding"'],
      [6, '"embedding" is one number, expected a list'],
      [8, '"embedding" is an empty list'],
    ])
    expect(() => columnVectors(gpu, rowsOf([undefined]), 'vector')).toThrow(
      new VectorsError('column "vector": no row has a vector; the first: the row has no column "vector"'),
    )
    expect(() => columnVectors(gpu, [], 'vector')).toThrow(
      new VectorsError('column "vector": no row has a vector'),
    )
  })

  test('refuses a row that is not there, and stops when told', async ({ gpu }) => {
    const vectors = columnVectors(gpu, rowsOf([[1]]), 'embedding')
    await expect(vectors.take(asked(7))).rejects.toThrow(
      new VectorsError('column "embedding": there is no row 7'),
    )
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(vectors.take(asked(0), { signal })).rejects.toThrow('enough')
  })
})
