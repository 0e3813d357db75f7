import fc from 'fast-check'
import { expect, test } from 'vitest'
import { unpair } from '../../src/data/labelled'
import type { Pair, Turn } from '../../src/data/row'
import { loadTokenizer } from '../../src/io/tokenizer'
import { encodeLabelled } from '../../src/training/encode-labelled'
import { encodePairs } from '../../src/training/encode-pairs'
import { keepEnd, promptFirst } from '../../src/training/truncation'
import { bundledFiles } from '../bundled-model'

const bundled = await loadTokenizer(await bundledFiles())

const user = (content: string): Turn => ({ role: 'user', content })
const pairOf = (index: number, question: string, chosen: string, rejected: string): Pair => ({
  index,
  id: `pair-${index}`,
  raw: {},
  prompt: [user(question)],
  chosen,
  rejected,
})
const pairs = [
  pairOf(2, 'Name a fruit.', 'An apple.', 'No idea.'),
  pairOf(5, 'And 2 + 2?', '4', 'Five, I think.'),
]

test('an answer has the tokens that it has as a side of a pair, its label and its position', () => {
  const { answers, dropped } = encodeLabelled(bundled, unpair(pairs))
  expect(dropped).toEqual([])
  const sides = encodePairs(bundled, pairs).pairs
  expect(answers).toEqual([
    { index: 2, answer: sides[0]!.chosen, desirable: true, truncated: false },
    { index: 5, answer: sides[1]!.chosen, desirable: true, truncated: false },
    { index: 2, answer: sides[0]!.rejected, desirable: false, truncated: false },
    { index: 5, answer: sides[1]!.rejected, desirable: false, truncated: false },
  ])
})

test('cuts by rule, by its own length, and drops what has no token left', () => {
  const given = unpair(pairs).slice(-1)
  const [whole] = encodeLabelled(bundled, given).answers
  const { ids, answerBegin } = whole!.answer
  const cut = { maxLength: ids.length - 2, truncation: promptFirst({ keep: 1 }) }
  expect(encodeLabelled(bundled, given, cut).answers).toEqual([
    { ...whole, answer: { ids: ids.slice(2), answerBegin: answerBegin - 2 }, truncated: true },
  ])
  expect(encodeLabelled(bundled, given, { maxLength: answerBegin }).dropped).toEqual([
    {
      index: 5,
      cause: 'prompt too long',
      reason: `the prompt alone has ${answerBegin} tokens, the limit is ${answerBegin}`,
    },
  ])
})

test('whatever is written: a token each, never over the limit, all accounted for', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 16 }),
    fc.constantFrom('', '<|im_end|>', '中文'),
  )
  fc.assert(
    fc.property(
      text,
      text,
      text,
      fc.integer({ min: 2, max: 40 }),
      fc.boolean(),
      (q, a, b, maxLength, end) => {
        const given = unpair([pairOf(0, q, a, b)])
        const options = { maxLength, ...(end ? { truncation: keepEnd() } : {}) }
        const { answers, dropped } = encodeLabelled(bundled, given, options)
        expect(answers.length + dropped.length).toBe(2)
        for (const { answer } of answers) {
          expect(answer.answerBegin).toBeGreaterThanOrEqual(1)
          expect(answer.ids.length).toBeGreaterThan(answer.answerBegin)
          expect(answer.ids.length).toBeLessThanOrEqual(maxLength)
        }
      },
    ),
    { numRuns: 150 },
  )
})
