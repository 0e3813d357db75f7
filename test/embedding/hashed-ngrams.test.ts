import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DIMENSIONS, hashedNgrams, hashedNgramVector } from '../../src/embedding/hashed-ngrams'
import { test } from '../gpu'
import { expectClose } from '../numbers'
import * as reference from '../reference/hashed-ngrams'
import { cosine } from '../reference/similarity'

const similarity = (a: string, b: string) => cosine(hashedNgramVector(a), hashedNgramVector(b))

const harbour =
  'Write a short story about a lighthouse keeper. The keeper of the lighthouse at the edge of the harbour woke before dawn, climbed the narrow stairs and lit the lamp. A storm was coming in from the west, and three fishing boats were still out at sea.'
const sorting =
  'Explain how merge sort works. Merge sort splits an array into two halves, sorts each of them recursively, and then merges the sorted halves by repeatedly taking the smaller of their first elements. Its running time is O(n log n).'

describe('the reference', () => {
  it('hashes as published', () => {
    // http://www.isthe.com/chongo/tech/comp/fnv, and the test vectors of MurmurHash3's fmix32.
    expect(reference.fnv1a('')).toBe(0x811c9dc5)
    expect(reference.fnv1a('a')).toBe(0xe40c292c)
    expect(reference.fnv1a('foobar')).toBe(0xbf9cf968)
    expect(reference.fmix32(0)).toBe(0)
    expect(reference.fmix32(1)).toBe(0x514e28b7)
  })

  it('has the documented features', () => {
    const got = [...reference.features('Ab, ab').entries()]
    const pieces = ['<ab', 'ab>', '<ab>'].map(piece => [`\u0003${piece}`, 2])
    const want = [
      ['\u0001ab', 2],
      ['\u0001,', 1],
      ['\u0002ab\n,', 1],
      ['\u0002,\nab', 1],
      ['\u0003<,>', 1],
    ]
    expect(got.sort()).toEqual([...pieces, ...want].sort())
  })
})

describe('hashed-ngrams', () => {
  it.each([
    ['nothing', ''],
    ['white space', ' \n\t\u3000'],
    ['one letter', 'a'],
    ['a sentence', harbour],
    ['the same word often', 'la '.repeat(500)],
    ['letters outside ASCII', 'Ärger über Öl, naïve café'],
    ['no spaces', '我喜欢在海边散步。今天天气很好'],
    ['outside the basic plane', '👩‍🚀 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 🇫🇷🇩🇪'],
    ['half a surrogate pair', 'a\ud800b \udc00'],
    ['symbols only', '{}[]() => ?? ::'],
  ])('agrees with the reference on %s', (_, text) => {
    expectClose(hashedNgramVector(text), reference.hashedNgramVector(text), { atol: 1e-7, rtol: 1e-6 })
  })

  it('agrees with the reference on any text', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc.array(fc.constantFrom('ab', 'B', 'a', ' ', ',', 'ß', '\n'), { maxLength: 30 }).map(a => a.join('')),
    )
    fc.assert(
      fc.property(texts, text =>
        expectClose(hashedNgramVector(text), reference.hashedNgramVector(text), { atol: 1e-7, rtol: 1e-6 }),
      ),
      { numRuns: 200, seed: 1 },
    )
  })

  it('gives unit length, or zero without words', () => {
    for (const text of ['a', harbour, '!', '我']) {
      expect(Math.hypot(...hashedNgramVector(text))).toBeCloseTo(1, 6)
    }
    expect(hashedNgramVector(' \n').every(v => v === 0)).toBe(true)
  })

  it('finds near duplicates near, and other texts far', () => {
    expect(similarity(harbour, harbour.toUpperCase())).toBe(1)
    expect(similarity(harbour, harbour.replace('three', 'four'))).toBeGreaterThan(0.9)
    expect(similarity(harbour, `${harbour} Nobody slept.`)).toBeGreaterThan(0.9)
    expect(similarity(sorting, sorting.replaceAll('array', 'list'))).toBeGreaterThan(0.9)
    expect(similarity(harbour, sorting)).toBeLessThan(0.5)
  })

  it('sees through compatibility forms but not through the order of words', () => {
    expect(similarity('ﬁne Ｗｉｄｅ ①', 'fine wide 1')).toBe(1)
    expect(similarity('dog bites man', 'man bites dog')).toBeLessThan(0.95)
  })

  test('gives one vector a text, and zero vectors for empty texts', async ({ gpu }) => {
    const embedder = hashedNgrams(gpu)
    expect(embedder).toMatchObject({ name: 'hashed-ngrams-384', dimensions: 384 })
    const texts = Array.from({ length: 130 }, (_, i) => (i === 7 ? '' : `text number ${i}`))
    using vectors = await embedder.embed(texts)
    expect(vectors.shape).toEqual([130, DIMENSIONS])
    const values = await gpu.read(vectors)
    for (const i of [0, 7, 64, 129]) {
      const row = values.subarray(i * DIMENSIONS, (i + 1) * DIMENSIONS)
      expect([...row]).toEqual([...hashedNgramVector(texts[i]!)])
    }
    using none = await embedder.embed([])
    expect(none.shape).toEqual([0, DIMENSIONS])
  })

  test('stops when it is told to', async ({ gpu }) => {
    const controller = new AbortController()
    const work = hashedNgrams(gpu).embed(Array(1000).fill('text'), { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(work).rejects.toThrow('enough')
  })

  it('embeds a thousand rows of 700 characters in well under two seconds', () => {
    const texts = Array.from({ length: 1000 }, (_, i) =>
      `${i} ${harbour} ${sorting} ${harbour}`.slice(0, 700),
    )
    const start = performance.now()
    for (const text of texts) hashedNgramVector(text)
    expect(performance.now() - start).toBeLessThan(2000)
  })
})
