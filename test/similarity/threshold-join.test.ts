import fc from 'fast-check'
import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import { cosine, dot, type Metric } from '../../src/similarity/metric'
import { RowFlag, type Storage } from '../../src/similarity/prepare-rows'
import { tensorRows } from '../../src/similarity/row-source'
import { type Edges, type ThresholdJoinOptions, thresholdJoin } from '../../src/similarity/threshold-join'
import { test } from '../gpu'
import { noise } from '../numbers'
import type { Similarity } from '../reference/similarity'
import { away, closeVectors, join, metrics, split, stored, within } from './vectors'

/** Every pair above the threshold, by a double loop; with too many, the threshold rises. */
function plainJoin(rows: readonly Float32Array[], similarity: Similarity, asked: number, maxEdges: number) {
  const pairs: { from: number; to: number; s: number }[] = []
  rows.forEach((b, to) => {
    rows.slice(0, to).forEach((a, from) => {
      const s = similarity(a, b)
      if (s > asked) pairs.push({ from, to, s })
    })
  })
  const sorted = pairs.map(({ s }) => s).sort((a, b) => b - a)
  const threshold = sorted[maxEdges] ?? asked
  const kept = pairs.filter(({ s }) => s > threshold)
  return {
    threshold,
    from: kept.map(({ from }) => from),
    to: kept.map(({ to }) => to),
    similarity: kept.map(({ s }) => s),
  }
}

const plain = ({ threshold, from, to, similarity }: Edges) => ({
  threshold,
  from: [...from],
  to: [...to],
  similarity: [...similarity],
})

async function check(
  gpu: Gpu,
  [metric, similarity]: readonly [Metric, Similarity],
  rows: readonly Float32Array[],
  options: ThresholdJoinOptions,
): Promise<void> {
  const { threshold, maxEdges = 1e6, storage = 'f32' } = options
  const E = rows[0]!.length
  using tensor = gpu.tensor([rows.length, E], join(rows, E))
  const got = await thresholdJoin(gpu, tensorRows(tensor), { ...options, metric })
  expect(got.flags.every(flag => flag === RowFlag.usable)).toBe(true)
  expect(plain(got)).toEqual(plainJoin(stored(rows, storage), similarity, threshold, maxEdges))
}

describe('threshold-join', () => {
  for (const pair of metrics) {
    test(`finds what a double loop finds: ${pair[0].name}`, async ({ gpu }) => {
      const cases = fc.record({
        vectors: closeVectors,
        chosen: fc.tuple(fc.nat(), fc.nat()),
        away,
        maxEdges: fc.constantFrom(1, 3, 1000),
        storage: fc.constantFrom<Storage>('f32', 'f16'),
      })
      await fc.assert(
        fc.asyncProperty(cases, async ({ vectors, chosen, away, maxEdges, storage }) => {
          const rows = stored(vectors, storage).every(row => row.every(v => Number.isFinite(v) && v !== 0))
            ? vectors
            : vectors.map(row => row.map(v => Math.sign(v) * (1 + (Math.abs(v) % 1))))
          const usable = rows.filter(row => row.some(v => v !== 0))
          const like = stored(usable, storage)
          const [a, b] = chosen.map(i => like[i % like.length]!) as [Float32Array, Float32Array]
          const s = pair[1](a, b)
          const threshold = within(pair[0], s + away * Math.max(1, Math.abs(s)))
          await check(gpu, pair, usable, { threshold, maxEdges, storage })
        }),
        { numRuns: 60, seed: 2 },
      )
    })
  }

  // Past a word, a block and a shard; blocks and shards are multiples of 64 rows.
  test.for([
    { N: 1, E: 3, blockSize: 64, shardRows: 64 },
    { N: 64, E: 4, blockSize: 1, shardRows: 1 },
    { N: 65, E: 9, blockSize: 64, shardRows: 128 },
    { N: 300, E: 5, blockSize: 64, shardRows: 128 },
    { N: 300, E: 5, blockSize: 100, shardRows: 300 },
    { N: 300, E: 5, blockSize: 1024, shardRows: 64 },
  ])('gives the same in blocks and shards of %o', async ({ N, E, blockSize, shardRows }, { gpu }) => {
    const rows = split(noise(N * E, 1), E)
    for (const [metric, similarity] of metrics) {
      const sorted = rows.flatMap((a, i) => rows.slice(0, i).map(b => similarity(a, b))).sort((a, b) => b - a)
      for (const storage of ['f32', 'f16'] as const) {
        const threshold = within(metric, sorted[Math.floor(sorted.length * 0.03)] ?? -1)
        await check(gpu, [metric, similarity], rows, { threshold, storage, blockSize, shardRows })
      }
    }
  })

  test('raises the threshold until the pairs fit', async ({ gpu }) => {
    const rows = split(noise(200 * 3, 4), 3)
    for (const maxEdges of [1, 700, 1100, 5000]) {
      for (const blockSize of [64, 128]) {
        await check(gpu, metrics[0], rows, { threshold: 0, maxEdges, blockSize })
      }
    }
    // All pairs are equal: none can stay without the others.
    const equal = Array<Float32Array>(80).fill(Float32Array.of(1, 2))
    await check(gpu, metrics[3], equal, { threshold: -1, maxEdges: 10 })
  })

  test('leaves out rows that cannot be compared', async ({ gpu }) => {
    const values = Float32Array.of(0, 0, 1, 2, NaN, 1, 1, 2, 0, 0)
    using tensor = gpu.tensor([5, 2], values)
    const edges = await thresholdJoin(gpu, tensorRows(tensor), { threshold: -1 })
    expect([...edges.flags]).toEqual([1, 0, 2, 0, 1])
    expect(plain(edges)).toEqual({ threshold: -1, from: [1], to: [3], similarity: [1] })
    const places = await thresholdJoin(gpu, tensorRows(tensor), { threshold: -1, metric: dot })
    expect([...places.flags]).toEqual([0, 0, 2, 0, 0])
    expect(places.from.length).toBe(6)
  })

  test('takes no rows, reports progress, and stops when it is told to', async ({ gpu }) => {
    const none = { count: 0, dimensions: 3, read: async () => gpu.tensor([0, 3]) }
    const empty = await thresholdJoin(gpu, none, { threshold: 0.5 })
    expect(plain(empty)).toEqual({ threshold: 0.5, from: [], to: [], similarity: [] })
    using tensor = gpu.tensor([300, 3], noise(900, 5))
    const seen: number[] = []
    const options = { threshold: 0.9, metric: cosine, blockSize: 64 }
    await thresholdJoin(gpu, tensorRows(tensor), { ...options, onProgress: share => seen.push(share) })
    expect(seen.at(-1)).toBe(1)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    const controller = new AbortController()
    const onProgress = (share: number) => {
      if (share > 0.2) controller.abort(new Error('enough'))
    }
    const stopped = thresholdJoin(gpu, tensorRows(tensor), {
      ...options,
      onProgress,
      signal: controller.signal,
    })
    await expect(stopped).rejects.toThrow('enough')
  })

  test('explains what it cannot take', async ({ gpu }) => {
    using tensor = gpu.tensor([2, 3], noise(6))
    const rows = tensorRows(tensor)
    const refuse = (options: Partial<ThresholdJoinOptions>, message: RegExp) =>
      expect(thresholdJoin(gpu, rows, { threshold: 0.5, ...options })).rejects.toThrow(message)
    await refuse({ threshold: 2 }, /threshold is 2/)
    await refuse({ maxEdges: 0 }, /maxEdges is 0/)
    await refuse({ blockSize: 1.5 }, /blockSize is 1.5/)
    await refuse({ shardRows: -1 }, /shardRows is -1/)
    expect(() => tensorRows(tensor.view([6]))).toThrow(/\[6\], expected \[N, E\]/)
    const wrong = { ...rows, read: async () => gpu.zeros([1, 3]) }
    await expect(thresholdJoin(gpu, wrong, { threshold: 0.5 })).rejects.toThrow(/\[1, 3\], expected \[2, 3\]/)
  })
})
