import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Pair, Turn } from '../../src/data/row'
import { loadTokenizer } from '../../src/io/tokenizer'
import { complexityPrompt } from '../../src/scoring/deita'
import { encodeScored } from '../../src/scoring/encode-scored'
import { dataReport } from '../../src/training/data-report'
import { encodePairs } from '../../src/training/encode-pairs'
import { encodeRows } from '../../src/training/encode-rows'
import type { EncodedPair } from '../../src/training/examples'
import { bundledFiles } from '../bundled-model'

const answer = (prompt: number, length: number) => ({
  ids: new Uint32Array(prompt + length),
  answerBegin: prompt,
})
const pair = (prompt: number, chosen: number, rejected: number, truncated = false): EncodedPair => ({
  index: 0,
  chosen: answer(prompt, chosen),
  rejected: answer(prompt, rejected),
  truncated,
})

test('counts what was kept, cut and dropped, and how long it is', () => {
  const pairs = [pair(5, 4, 1), pair(7, 2, 2, true), pair(6, 9, 3), pair(20, 3, 5)]
  const reason = (n: number) => `the prompt alone has ${n} tokens, the limit is 40`
  const report = dataReport({
    pairs,
    dropped: [
      { index: 3, cause: 'same answers', reason: 'both answers are the same in the 3 tokens that they have' },
      { index: 8, cause: 'prompt too long', reason: reason(50) },
      { index: 9, cause: 'prompt too long', reason: reason(60) },
    ],
  })
  expect(report).toEqual({
    read: 7,
    kept: 4,
    dropped: 3,
    causes: [
      { cause: 'prompt too long', count: 2, example: { index: 8, reason: reason(50) } },
      {
        cause: 'same answers',
        count: 1,
        example: { index: 3, reason: 'both answers are the same in the 3 tokens that they have' },
      },
    ],
    truncated: 1,
    tokens: 2 * (5 + 7 + 6 + 20) + 18 + 11,
    trainedTokens: 18 + 11,
    prompts: { min: 5, median: 6.5, p90: 20, max: 20, mean: 9.5 },
    answers: { min: 2, median: 3.5, p90: 9, max: 9, mean: 4.5 },
    pairs: {
      rejected: { min: 1, median: 2.5, p90: 5, max: 5, mean: 2.75 },
      sameAnswers: 1,
      lengthDifference: { min: -2, median: 1.5, p90: 6, max: 6, mean: 1.75 },
      chosenLonger: 0.5,
    },
    desirable: null,
  })
})

test('conversations and labelled answers have what theirs are', () => {
  const mask = Uint8Array.of(0, 0, 1, 1, 0, 0, 1)
  const rows = dataReport({
    sequences: [{ index: 0, ids: new Uint32Array(7), mask, truncated: false }],
    dropped: [],
  })
  const of = (n: number) => ({ min: n, median: n, p90: n, max: n, mean: n })
  expect(rows).toMatchObject({ read: 1, tokens: 7, trainedTokens: 3, prompts: of(2), answers: of(3) })
  expect([rows.pairs, rows.desirable]).toEqual([null, null])
  const labelled = dataReport({
    answers: [
      { index: 0, answer: answer(3, 2), desirable: true, truncated: false },
      { index: 1, answer: answer(3, 2), desirable: false, truncated: true },
    ],
    dropped: [],
  })
  expect(labelled).toMatchObject({
    kept: 2,
    truncated: 1,
    tokens: 10,
    trainedTokens: 4,
    desirable: 1,
    pairs: null,
  })
})

test('nothing at all is reported too', () => {
  const none = { min: 0, median: 0, p90: 0, max: 0, mean: 0 }
  const report = dataReport({ pairs: [], dropped: [] })
  expect(report).toMatchObject({ read: 0, causes: [], prompts: none, answers: none })
  expect(report.pairs).toEqual({ rejected: none, sameAnswers: 0, lengthDifference: none, chosenLonger: 0 })
})

test('the ninth of ten numbers is their p90', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 90 }), lengths => {
      const { answers } = dataReport({ pairs: lengths.map(n => pair(1, n, 1)), dropped: [] })
      const below = lengths.filter(n => n <= answers.p90).length
      const less = lengths.filter(n => n < answers.p90).length
      expect(10 * below >= 9 * lengths.length && 10 * less < 9 * lengths.length).toBe(true)
      expect(lengths.filter(n => n <= answers.median).length * 2).toBeGreaterThanOrEqual(lengths.length)
      expect(lengths.filter(n => n >= answers.median).length * 2).toBeGreaterThanOrEqual(lengths.length)
    }),
  )
})

test('adds up for what encoders give', async () => {
  const tokenizer = await loadTokenizer(await bundledFiles())
  const prompt: readonly Turn[] = [{ role: 'user', content: 'Name a fruit.' }]
  const origin = (index: number) => ({ index, id: `${index}`, raw: {} })
  const pairs: Pair[] = [
    { ...origin(0), prompt, chosen: 'An apple, I think.', rejected: 'No.' },
    { ...origin(1), prompt, chosen: 'Yes.', rejected: 'Yes.' },
    { ...origin(2), prompt: [{ role: 'user', content: 'long '.repeat(90) }], chosen: 'a', rejected: 'b' },
  ]
  const report = dataReport(encodePairs(tokenizer, pairs, { maxLength: 64 }))
  expect([report.read, report.kept, report.pairs!.sameAnswers]).toEqual([3, 1, 1])
  expect(report.causes.map(({ cause, count, example }) => [cause, count, example.index])).toEqual([
    ['same answers', 1, 1],
    ['prompt too long', 1, 2],
  ])
  const turns: readonly Turn[] = [...prompt, { role: 'assistant', content: 'An apple.' }]
  expect(dataReport(encodeRows(tokenizer, [{ ...origin(0), turns }])).trainedTokens).toBe(
    tokenizer.encode('An apple.<|im_end|>\n', { addSpecialTokens: false }).length,
  )
  const labelled = [4, ''].map((stars, i) => ({ ...origin(i), turns, raw: { stars } }))
  const scored = dataReport(encodeScored(tokenizer, labelled, { prompt: complexityPrompt, label: 'stars' }))
  expect([scored.kept, scored.trainedTokens, scored.causes[0]!.cause]).toEqual([1, 1, 'no label'])
})
