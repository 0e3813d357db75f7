import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Turn } from '../../src/data/row'
import { loadTokenizer } from '../../src/io/tokenizer'
import { encodePairs } from '../../src/training/encode-pairs'
import { encodeRows } from '../../src/training/encode-rows'
import type { EncodedPair } from '../../src/training/examples'
import { type ShownSequence, shortestExample, shownExample } from '../../src/training/shown-example'
import { bundledFiles } from '../bundled-model'
import { folder } from '../models/llama-fixture'

const bundled = await loadTokenizer(await bundledFiles())
const byteFallback = await loadTokenizer(folder({}, 'tiny'))

const user = (content: string): Turn => ({ role: 'user', content })
const assistant = (content: string): Turn => ({ role: 'assistant', content })
const origin = { index: 6, id: 'x', raw: {} }
const textOf = (tokens: readonly { text: string }[]) => tokens.map(({ text }) => text).join('')
const trainedText = ({ prompt, answer }: ShownSequence) =>
  textOf([...prompt, ...answer].filter(({ trained }) => trained))

test('a pair is shown as its prompt and both answers, token by token', () => {
  const prompt = [user('Name a fruit.')]
  const [pair] = encodePairs(bundled, [
    { ...origin, prompt, chosen: 'An apple.', rejected: 'No idea 👍🏽.' },
  ]).pairs
  const { index, sequences } = shownExample(bundled, pair!)
  expect([index, sequences.map(({ name }) => name)]).toEqual([6, ['chosen', 'rejected']])
  const before = bundled.chat(prompt, { addGenerationPrompt: true })
  expect(sequences.map(each => textOf(each.prompt))).toEqual([before, before])
  expect(sequences.map(each => textOf(each.answer))).toEqual([
    'An apple.<|im_end|>\n',
    'No idea 👍🏽.<|im_end|>\n',
  ])
  expect(sequences.every(each => each.answer.every(({ trained }) => trained))).toBe(true)
  expect(sequences[0]!.answer).toHaveLength(pair!.chosen.ids.length - pair!.chosen.answerBegin)
  expect(sequences[0]!.answer[0]).toEqual({ text: 'An', trained: true })
})

test('a conversation shows which answers are trained', () => {
  const turns = [user('What is 17 + 4?'), assistant('21'), user('And 4 more?'), assistant('25')]
  const [all] = encodeRows(bundled, [{ ...origin, turns }]).sequences
  const [shown] = shownExample(bundled, all!).sequences
  expect(shown!.name).toBe('conversation')
  expect(textOf([...shown!.prompt, ...shown!.answer])).toBe(bundled.chat(turns))
  expect(trainedText(shown!)).toBe('21<|im_end|>\n25<|im_end|>\n')
  expect(shown!.prompt.some(({ trained }) => trained)).toBe(false)
  expect(shown!.answer[0]!.trained).toBe(true)
  const [last] = encodeRows(bundled, [{ ...origin, turns }], { train: 'last' }).sequences
  expect(trainedText(shownExample(bundled, last!).sequences[0]!)).toBe('25<|im_end|>\n')
})

test('a labelled answer shows its label', () => {
  const answer = { ids: Uint32Array.from(bundled.encode('a b')), answerBegin: 1 }
  for (const desirable of [true, false]) {
    const { sequences } = shownExample(bundled, { index: 0, answer, desirable, truncated: false })
    expect(sequences.map(({ name }) => name)).toEqual([desirable ? 'desirable' : 'undesirable'])
  }
})

test('the text is that of all tokens together, whatever they are', () => {
  for (const tokenizer of [bundled, byteFallback]) {
    const id = fc.oneof(fc.nat(300), fc.nat(tokenizer.size - 1))
    fc.assert(
      fc.property(fc.array(id, { minLength: 2, maxLength: 40 }), given => {
        const ids = Uint32Array.from(given)
        const answer = { ids, answerBegin: 1 }
        const shown = shownExample(tokenizer, { index: 0, answer, desirable: true, truncated: false })
        const [{ prompt, answer: tokens }] = shown.sequences as [ShownSequence]
        expect(prompt).toHaveLength(1)
        const text = textOf([...prompt, ...tokens])
        const whole = tokenizer.decode(given)
        // A character that begins in the prompt is shown broken.
        if (!prompt[0]!.text.endsWith('\uFFFD')) expect(text).toBe(whole)
      }),
      { numRuns: 300 },
    )
  }
})

test('the shortest example is shown, the first of several', () => {
  const example = (index: number, length: number): EncodedPair => {
    const answer = { ids: new Uint32Array(length), answerBegin: 1 }
    return { index, chosen: answer, rejected: answer, truncated: false }
  }
  expect(shortestExample([example(0, 9), example(1, 4), example(2, 4)])!.index).toBe(1)
  expect(shortestExample([])).toBeNull()
})
