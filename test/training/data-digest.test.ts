import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dataDigest } from '../../src/training/data-digest'

const example = (index: number, ids: number[], answerBegin: number) => ({
  index,
  answer: { ids: Uint32Array.from(ids), answerBegin },
  desirable: true,
})
const examples = [example(0, [1, 2, 3], 1), example(1, [4, 5], 1)]

test('the digest is that of what the examples hold', async () => {
  const digest = await dataDigest(examples)
  expect(digest).toMatch(/^[0-9a-f]{64}$/)
  const same = examples.map(({ desirable, answer, index }) => ({
    desirable,
    answer: { answerBegin: answer.answerBegin, ids: answer.ids.slice() },
    index,
    weight: undefined,
  }))
  expect(await dataDigest(same)).toBe(digest)
  // A view of a larger array is what it shows.
  const view = Uint32Array.of(9, 1, 2, 3, 9).subarray(1, 4)
  expect(await dataDigest([{ ...examples[0], answer: { ids: view, answerBegin: 1 } }, examples[1]])).toBe(
    digest,
  )
})

test('everything that may change does change it', async () => {
  const others: unknown[][] = [
    [],
    [examples[0]],
    [examples[1], examples[0]],
    [example(0, [1, 2, 3], 2), examples[1]],
    [example(0, [1, 2, 4], 1), examples[1]],
    [example(0, [1, 2], 1), example(1, [3, 4, 5], 1)],
    [example(2, [1, 2, 3], 1), examples[1]],
    [{ ...examples[0], desirable: false }, examples[1]],
    [{ ...examples[0], mask: Uint8Array.of(1) }, examples[1]],
    [{ ...examples[0], answer: { ids: Int32Array.of(1, 2, 3), answerBegin: 1 } }, examples[1]],
  ]
  const digests = await Promise.all([examples, ...others].map(dataDigest))
  expect(new Set(digests).size).toBe(digests.length)
})

test('where one value ends and the next begins does count', async () => {
  const values = [
    [[1, 2]],
    [[1], [2]],
    [1, 2],
    [[], [1, 2]],
    [[1, 2], []],
    [{ a: 1, b: {} }],
    [{ a: 1 }, { b: {} }],
    [{ a: { b: 1 } }],
    ['ab', 'c'],
    ['a', 'bc'],
    [Uint8Array.of(1, 2), Uint8Array.of(3)],
    [Uint8Array.of(1), Uint8Array.of(2, 3)],
  ]
  const digests = await Promise.all(values.map(dataDigest))
  expect(new Set(digests).size).toBe(values.length)
})

test('two lists of values have the same digest only if they are equal', () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue()), fc.array(fc.jsonValue()), async (a, b) => {
      const [one, other] = [await dataDigest(a), await dataDigest(b)]
      expect(await dataDigest(structuredClone(a))).toBe(one)
      if (sorted(a) !== sorted(b)) expect(other).not.toBe(one)
    }),
  ))

test('many examples are digested a part at a time, each of them counting', async () => {
  const many = Array.from({ length: 40 }, (_, i) => example(i, Array(20_000).fill(i), 1))
  const digest = await dataDigest(many)
  for (const changed of [0, 15, 39]) {
    const other = many.slice()
    other[changed] = example(changed, [...Array(19_999).fill(changed), 77], 1)
    expect(await dataDigest(other)).not.toBe(digest)
  }
})

test.for([[() => 1], [Symbol('a')], [new Map()], [new Date(0)]])('%s has none', async ([value]) => {
  await expect(dataDigest([{ value }])).rejects.toThrow(TypeError)
})

/** JSON in which the order of fields does not show, and −0 does. */
const sorted = (value: unknown): string =>
  JSON.stringify(value, (_, part) => {
    if (Object.is(part, -0)) return { negative: 'zero' }
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
