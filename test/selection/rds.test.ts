import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { hashedNgrams } from '../../src/embedding/hashed-ngrams'
import { textVectors } from '../../src/embedding/vectors'
import { rds } from '../../src/selection/rds'
import { select } from '../../src/selection/selector'
import { test } from '../gpu'
import { noise } from '../numbers'
import { ONE, rounded } from '../reference/fixed-point-rows'
import * as reference from '../reference/rds'
import { asBudget } from './items'
import { poolOf } from './pools'
import { check, clusters, vectorPools } from './vector-pools'

const vectors = (E: number) =>
  fc
    .array(fc.integer({ min: -2, max: 2 }), { minLength: E, maxLength: E })
    .filter(vector => rounded(vector) !== null)

// A pool without a row has vectors of three values.
const cases = vectorPools()
  .map(pool => (pool.rows.length > 0 ? pool : { ...pool, E: 3 }))
  .chain(pool =>
    fc.record({
      pool: fc.constant(pool),
      tasks: fc
        .array(fc.array(vectors(pool.E), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 })
        .map(list => list.map((vectors, t) => ({ name: `task ${t}`, vectors }))),
      blockSize: fc.constantFrom(1, 7, 64),
    }),
  )

describe('rds', () => {
  test('keeps what the plain round robin keeps, and says for which target', async ({ gpu }) => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ pool: { rows, wish }, tasks, blockSize }) => {
        const want = reference.rds(rows, wish, tasks)
        const outcomes = await check(
          gpu,
          rows,
          rds({ budget: asBudget(wish), targets: tasks, blockSize }),
          want,
        )
        for (const { index, value, decision } of outcomes) {
          if (decision.kind === 'kept') {
            const { task, target } = want.turns[decision.rank]!
            expect(decision.because).toBe(
              `like target ${target} of ${task}: cosine ${Number(value).toFixed(4)}`,
            )
          } else if (decision.kind === 'beyond budget' && value !== null) {
            expect(value).toBe(want.nearest.get(index))
          }
        }
      }),
      { numRuns: 250, seed: 1 },
    )
  })

  // More targets than one invocation handles; more rows than a block, and than twice the budget.
  test.for([{ blockSize: 512 }, { blockSize: 33 }])(
    'keeps the same of 300 rows with %o',
    async ({ blockSize }, { gpu }) => {
      const rows = clusters(300, 12, noise)
      const examples = clusters(9, 12, (length, seed) => noise(length, seed + 2)).map(({ vector }) => vector)
      const task = (name: string, begin: number, end: number) => ({
        name,
        vectors: examples.slice(begin, end),
      })
      for (const targets of [[task('all', 0, 9)], [task('a', 0, 2), task('b', 2, 3), task('c', 3, 9)]]) {
        for (const wish of [{ rows: 20 }, { rows: 140 }, { tokens: 200 }, { rows: Infinity }]) {
          const want = reference.rds(rows, wish, targets)
          await check(gpu, rows, rds({ budget: asBudget(wish), targets, blockSize }), want)
        }
      }
    },
  )

  test('spends a turn on a row that is kept already', async ({ gpu }) => {
    // By both tasks the order is 0, 1, 2: the second task’s first turn names row 0 again.
    const rows = [
      [4, 0],
      [4, 1],
      [4, 2],
    ].map((vector, index) => ({ index, score: 1, vector }))
    const targets = [
      { name: 'a', vectors: [[1, -1]] },
      { name: 'b', vectors: [[1, -2]] },
    ]
    const { kept, outcomes } = await select(poolOf(gpu, rows), rds({ budget: 3, targets }))
    expect(kept).toEqual([0, 1, 2])
    const reasons = outcomes.map(({ decision }) => decision.kind === 'kept' && decision.because)
    expect(reasons.every(reason => String(reason).includes('target 0 of a'))).toBe(true)
  })

  test('finds texts like the texts that are its targets', async ({ gpu }) => {
    const embedder = hashedNgrams(gpu)
    const texts = ['add two and three', 'the sea is blue', 'add four to five', 'rain on the sea', '']
    const items = texts.map((text, index) => ({ index, id: String(index), score: NaN, text }))
    const targets = [
      { name: 'sums', texts: ['add nine and one'] },
      { name: 'weather', texts: ['snow', 'rain on the hills'] },
    ]
    const pool = { items, vectors: textVectors(embedder) }
    const { kept, outcomes } = await select(pool, rds({ budget: 2, targets, embedder }))
    expect(kept).toEqual([0, 3])
    expect(outcomes[3]!.decision).toMatchObject({
      because: expect.stringMatching(/^like target 1 of weather/),
    })
    expect(outcomes[4]!.decision).toEqual({ kind: 'invalid', reason: 'its embedding is zero' })
    // The reference for the same two, from the vectors that the GPU gave.
    using given = await embedder.embed(['add nine and one', texts[0]!])
    const values = await gpu.read(given)
    const [a, b] = [0, 1].map(i => rounded(values.subarray(i * 384, (i + 1) * 384))!)
    const squared = a!.reduce((sum, v, e) => sum + (v - b![e]!) ** 2, 0)
    expect(outcomes[0]!.value).toBe((ONE - squared) / ONE)
  })

  test('explains what it cannot take, and stops when told', async ({ gpu }) => {
    const pool = poolOf(gpu, clusters(9, 3, noise))
    const task = (vectors: number[][]) => ({ budget: 1, targets: [{ name: 'sums', vectors }] })
    expect(() => rds({ budget: 1, targets: [] })).toThrow(/no targets/)
    expect(() => rds(task([]))).toThrow(/task sums has no targets/)
    expect(() => rds({ budget: 1, targets: [{ name: 'sums', texts: ['a'] }] })).toThrow(/give the embedder/)
    expect(() => rds({ ...task([[1, 2, 3]]), blockSize: 0 })).toThrow(/blockSize is 0/)
    expect(() => rds({ ...task([[1, 2, 3]]), budget: -1 })).toThrow(/rds: budget is -1/)
    await expect(select(pool, rds(task([[1, 2]])))).rejects.toThrow(
      /target 0 of task sums has 2 values, expected 3/,
    )
    await expect(
      select(
        pool,
        rds(
          task([
            [1, 2, 3],
            [0, 0, 0],
          ]),
        ),
      ),
    ).rejects.toThrow(/target 1 of task sums has a vector that is zero/)
    const embedder = hashedNgrams(gpu)
    await expect(
      select(pool, rds({ budget: 1, targets: [{ name: 'sums', texts: ['a'] }], embedder })),
    ).rejects.toThrow(/hashed-ngrams-384 gives targets 384 values, the rows have 3/)
    await expect(select({ items: pool.items }, rds(task([[1, 2, 3]])))).rejects.toThrow(/no vectors/)
    const controller = new AbortController()
    const work = select(pool, rds({ ...task([[1, 2, 3]]), blockSize: 4 }), {
      signal: controller.signal,
      onProgress: ({ decided }) => decided === 8 && controller.abort(new Error('enough')),
    })
    await expect(work).rejects.toThrow('enough')
    expect(
      (await select(poolOf(gpu, clusters(9, 3, noise)), rds({ ...task([[1, 2, 3]]), budget: 0 }))).kept,
    ).toEqual([])
  })
})
