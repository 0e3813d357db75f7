import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Row } from '../../src/data/row'
import { CHUNK_ROWS, computeInChunks, type FileEntry, inChunks } from '../../src/job/chunks'
import type { RowColumns } from '../../src/job/row-columns'

const row = (index: number): Row => ({ index, id: String(index), raw: {}, turns: [] })
const entries = (count: number): FileEntry[] =>
  Array.from({ length: count }, (_, index) =>
    index % 5 === 3
      ? { kind: 'problem', problem: { index, reason: 'it is empty', excerpt: '' } }
      : { kind: 'row', row: row(index) },
  )
const placeOf = (entry: FileEntry) => (entry.kind === 'row' ? entry.row.index : entry.problem.index)

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

describe('chunks of a file', () => {
  it('are whole but for the last, by place, and every shard has its own', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 5 * CHUNK_ROWS }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 0, max: 6 }),
        async (count, shards, first) => {
          const seen: number[] = []
          for (let index = 0; index < shards; index++) {
            for (const { chunk, entries: some } of await all(
              inChunks(entries(count), { shard: { index, count: shards }, first }),
            )) {
              expect(chunk % shards).toBe(index)
              expect(chunk).toBeGreaterThanOrEqual(first)
              const end = Math.min(count, (chunk + 1) * CHUNK_ROWS)
              const places = Array.from(
                { length: end - chunk * CHUNK_ROWS },
                (_, i) => chunk * CHUNK_ROWS + i,
              )
              expect(some.map(placeOf)).toEqual(places)
              seen.push(...places)
            }
          }
          expect(seen.sort((a, b) => a - b)).toEqual(
            Array.from({ length: Math.max(0, count - first * CHUNK_ROWS) }, (_, i) => first * CHUNK_ROWS + i),
          )
        },
      ),
      { numRuns: 100 },
    )
  })

  /** What it computes depends on which rows share a pass, as a model's last bits may. */
  const company: RowColumns = {
    names: ['company'],
    compute: async rows => rows.map(() => ({ company: rows.map(({ index }) => index).join() })),
  }

  it('give a row the same company wherever a run begins and however many shards there are', async () => {
    const of = async (options: Parameters<typeof computeInChunks>[2]) =>
      (await all(computeInChunks(entries(300), company, options))).flatMap(({ values }) => values)
    const whole = await of({})
    expect(whole).toHaveLength(240)
    const before = entries(2 * CHUNK_ROWS).filter(({ kind }) => kind === 'row').length
    expect(await of({ first: 2 })).toEqual(whole.slice(before))
    const shards = await Promise.all([0, 1, 2].map(index => of({ shard: { index, count: 3 } })))
    const sorted = (list: readonly object[]) => list.map(value => JSON.stringify(value)).sort()
    expect(sorted(shards.flat())).toEqual(sorted(whole))
  })

  it('are computed one after the other, until told to stop', async () => {
    const stop = new AbortController()
    const chunks: number[] = []
    const running = (async () => {
      for await (const { chunk } of computeInChunks(entries(300), company, { signal: stop.signal })) {
        chunks.push(chunk)
        if (chunk === 1) stop.abort(new Error('enough'))
      }
    })()
    await expect(running).rejects.toThrow('enough')
    expect(chunks).toEqual([0, 1])
  })
})
