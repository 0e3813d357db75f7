import fc from 'fast-check'
import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import type { Metric } from '../../src/similarity/metric'
import type { Storage } from '../../src/similarity/prepare-rows'
import { tensorRows } from '../../src/similarity/row-source'
import { semanticSearch } from '../../src/similarity/semantic-search'
import { type TopKOptions, topK } from '../../src/similarity/top-k'
import { test } from '../gpu'
import { noise } from '../numbers'
import type { Similarity } from '../reference/similarity'
import { closeVectors, join, metrics, split, stored } from './vectors'

/** The k rows most similar to a query, by sorting all; rows without a direction have no cosine. */
const plainTopK = (similarity: Similarity, query: Float32Array, corpus: readonly Float32Array[], k: number) =>
  corpus
    .map((row, i) => ({ row: i, similarity: similarity(query, row) }))
    .filter(match => !Number.isNaN(match.similarity))
    .sort((a, b) => b.similarity - a.similarity || a.row - b.row)
    .slice(0, k)

async function check(
  gpu: Gpu,
  [metric, similarity]: readonly [Metric, Similarity],
  queries: readonly Float32Array[],
  corpus: readonly Float32Array[],
  k: number,
  options: TopKOptions,
): Promise<void> {
  const E = corpus[0]!.length
  using x = gpu.tensor([queries.length, E], join(queries, E))
  using y = gpu.tensor([corpus.length, E], join(corpus, E))
  const got = await topK(gpu, tensorRows(x), tensorRows(y), k, { ...options, metric })
  const rows = stored(corpus, options.storage ?? 'f32')
  const want = stored(queries, options.storage ?? 'f32').map(query => plainTopK(similarity, query, rows, k))
  expect(got).toEqual(want)
}

describe('top-k', () => {
  for (const pair of metrics) {
    test(`finds what sorting finds: ${pair[0].name}`, async ({ gpu }) => {
      const cases = fc.record({
        vectors: closeVectors,
        cut: fc.nat(),
        k: fc.integer({ min: 1, max: 6 }),
        storage: fc.constantFrom<Storage>('f32', 'f16'),
      })
      await fc.assert(
        fc.asyncProperty(cases, async ({ vectors, cut, k, storage }) => {
          const rows = stored(vectors, storage).map((row, i) =>
            row.every(Number.isFinite) ? vectors[i]! : row.map(() => 1),
          )
          const at = 1 + (cut % (rows.length - 1))
          await check(gpu, pair, rows.slice(0, at), rows.slice(at), k, { storage })
        }),
        { numRuns: 60, seed: 3 },
      )
    })
  }

  // Past a group of 32, a block and a shard; more than k groups, and fewer.
  test.for([
    { N: 40, Q: 3, E: 4, k: 1, blockSize: 64, shardRows: 64 },
    { N: 333, Q: 70, E: 7, k: 5, blockSize: 64, shardRows: 128 },
    { N: 333, Q: 70, E: 7, k: 40, blockSize: 7, shardRows: 1000 },
    { N: 65, Q: 2, E: 123, k: 100, blockSize: 1, shardRows: 64 },
  ])('gives the same in blocks and shards of %o', async ({ N, Q, E, k, blockSize, shardRows }, { gpu }) => {
    const corpus = split(noise(N * E, 1), E)
    // Equal rows, whose order is that of their places.
    corpus.forEach((row, i) => {
      if (i % 4 === 3) row.set(corpus[i - 3]!)
    })
    const queries = split(noise(Q * E, 2), E)
    for (const pair of metrics) {
      for (const storage of ['f32', 'f16'] as const) {
        await check(gpu, pair, queries, corpus, k, { storage, blockSize, shardRows })
      }
    }
  })

  test('takes several parts of a corpus', async ({ gpu }) => {
    await check(gpu, metrics[0], split(noise(9, 3), 3), split(noise(5000 * 3, 4), 3), 4, {})
  })

  test('leaves out what cannot be compared', async ({ gpu }) => {
    using x = gpu.tensor([3, 2], Float32Array.of(0, 0, NaN, 1, 1, 1))
    using y = gpu.tensor([4, 2], Float32Array.of(0, 0, -1, -1, Infinity, 0, -1, -2))
    const [zero, none, found] = await topK(gpu, tensorRows(x), tensorRows(y), 3)
    expect([zero, none]).toEqual([[], []])
    expect(found!.map(({ row }) => row)).toEqual([3, 1])
    // Thirty-three rows make two groups; the limit must not come from rows that do not count.
    const values = new Float32Array(66).fill(-1)
    values.fill(0, 4)
    using z = gpu.tensor([33, 2], values)
    using one = gpu.tensor([1, 2], Float32Array.of(1, 1))
    expect(await topK(gpu, tensorRows(one), tensorRows(z), 1)).toEqual([[{ row: 0, similarity: -1 }]])
  })

  test('reports progress, and stops when it is told to', async ({ gpu }) => {
    using x = gpu.tensor([200, 3], noise(600, 5))
    const seen: number[] = []
    const rows = tensorRows(x)
    await topK(gpu, rows, rows, 2, { blockSize: 64, onProgress: share => seen.push(share) })
    expect(seen).toEqual([0.32, 0.64, 0.96, 1])
    const controller = new AbortController()
    const onProgress = () => controller.abort(new Error('enough'))
    const stopped = topK(gpu, rows, rows, 2, { blockSize: 64, onProgress, signal: controller.signal })
    await expect(stopped).rejects.toThrow('enough')
  })

  test('explains what it cannot take', async ({ gpu }) => {
    using x = gpu.tensor([2, 3], noise(6))
    using y = gpu.tensor([2, 4], noise(8))
    await expect(topK(gpu, tensorRows(x), tensorRows(y), 1)).rejects.toThrow(
      /3 values, those of the corpus 4/,
    )
    await expect(topK(gpu, tensorRows(x), tensorRows(x), 0)).rejects.toThrow(/k is 0/)
    const dimensions = Math.ceil(gpu.device.limits.maxStorageBufferBindingSize / 64)
    const huge = { count: 1, dimensions, read: async () => gpu.zeros([1, 1]) }
    await expect(topK(gpu, huge, huge, 1)).rejects.toThrow(/take shorter vectors/)
    await expect(topK(gpu, tensorRows(x), tensorRows(x), 1, { blockSize: 0 })).rejects.toThrow(
      /blockSize is 0/,
    )
  })
})

describe('semantic-search', () => {
  /** Counts of the letters a to e. */
  const embed = (gpu: Gpu) => async (texts: readonly string[]) =>
    gpu.tensor(
      [texts.length, 5],
      Float32Array.from(texts.flatMap(text => [...'abcde'].map(letter => text.split(letter).length - 1))),
    )

  test('finds the texts most like a query', async ({ gpu }) => {
    const texts = ['aab', 'bbb', 'cde', '', 'abab', 'baa']
    const found = await semanticSearch(gpu, ['aba', 'd', 'xyz'], texts, { embed: embed(gpu), k: 3 })
    expect(found.map(matches => matches.map(({ row }) => row))).toEqual([[0, 5, 4], [2, 0, 1], []])
    expect(found[0]![0]!.similarity).toBe(1)
    expect(await semanticSearch(gpu, [], texts, { embed: embed(gpu) })).toEqual([])
    expect(await semanticSearch(gpu, ['a'], [], { embed: embed(gpu) })).toEqual([[]])
  })

  test('explains what an embedder gave wrongly', async ({ gpu }) => {
    const flat = async (texts: readonly string[]) => gpu.zeros([texts.length])
    await expect(semanticSearch(gpu, ['a'], ['b'], { embed: flat })).rejects.toThrow(/no \[1, E\]/)
    const one = async () => gpu.zeros([1, 3])
    await expect(semanticSearch(gpu, ['a'], ['b', 'c'], { embed: one })).rejects.toThrow(
      /gave \[1, 3\], expected \[2, 3\]/,
    )
  })
})
