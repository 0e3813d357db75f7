import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Pair, Turn } from '../../src/data/row'
import { tulu } from '../../src/io/named-templates'
import { loadTokenizer, type Tokenizer, TokenizerError } from '../../src/io/tokenizer'
import { withTemplate } from '../../src/io/with-template'
import { answerLength, type EncodedAnswer } from '../../src/models/answer-batch'
import { encodePairs } from '../../src/training/encode-pairs'
import { bundledFiles } from '../bundled-model'
import { fixtureTokenizer } from '../io/template-fixture'
import { folder } from '../models/llama-fixture'

const bundled = await loadTokenizer(await bundledFiles())
/** Its template begins with a BOS, and it puts one before every text. */
const withBos = await loadTokenizer(folder({}, 'tiny'))

const user = (content: string): Turn => ({ role: 'user', content })
const pairOf = (prompt: readonly Turn[], chosen: string, rejected: string, index = 0): Pair => ({
  index,
  id: `pair-${index}`,
  raw: {},
  prompt,
  chosen,
  rejected,
})
const short = pairOf([user('Name a fruit.')], 'An apple.', 'No idea, sorry.', 4)
const long = pairOf(
  [
    { role: 'system', content: 'Be brief.' },
    user('What is 17 + 4?'),
    { role: 'assistant', content: '21' },
    user('And plus 4?\nThink, {{ then }} answer. ¿Sí? 🎵'),
  ],
  'Twenty-five: 25.\n\n- done ',
  '26',
  9,
)

/** The text before the answer and the text that is trained on, special tokens written out. */
const parts = (tokenizer: Tokenizer, { ids, answerBegin }: EncodedAnswer) => [
  tokenizer.decode([...ids.subarray(0, answerBegin)]),
  tokenizer.decode([...ids.subarray(answerBegin)]),
]

describe('encodePairs', () => {
  test('trains on the answer and the tokens that end its turn, and on nothing of the prompt', () => {
    const { pairs, dropped } = encodePairs(bundled, [short, long])
    expect(dropped).toEqual([])
    expect(pairs.map(({ index, truncated }) => [index, truncated])).toEqual([
      [4, false],
      [9, false],
    ])
    for (const [i, { prompt, chosen, rejected }] of [short, long].entries()) {
      const before = bundled.chat(prompt, { addGenerationPrompt: true })
      expect(before).toMatch(/<\|im_start\|>assistant\n$/)
      expect(parts(bundled, pairs[i]!.chosen)).toEqual([before, `${chosen}<|im_end|>\n`])
      expect(parts(bundled, pairs[i]!.rejected)).toEqual([before, `${rejected}<|im_end|>\n`])
      expect(answerLength(pairs[i]!.chosen)).toBe(pairs[i]!.chosen.ids.length - pairs[i]!.chosen.answerBegin)
    }
  })

  test('begins the answer where generation begins: both sides share the prompt’s ids', () => {
    for (const tokenizer of [bundled, withBos]) {
      const { pairs } = encodePairs(tokenizer, [short])
      const prompt = tokenizer.encode(tokenizer.chat(short.prompt, { addGenerationPrompt: true }), {
        addSpecialTokens: false,
      })
      for (const { ids, answerBegin } of [pairs[0]!.chosen, pairs[0]!.rejected]) {
        expect(answerBegin).toBe(prompt.length)
        expect([...ids.subarray(0, answerBegin)]).toEqual(prompt)
      }
    }
  })

  test('goes on where the prompt ends: no space comes before an answer that the text has not', async () => {
    const tokenizer = withTemplate(await fixtureTokenizer('llama'), tulu())
    const { pairs } = encodePairs(tokenizer, [short])
    const whole = tokenizer.chat([...short.prompt, { role: 'assistant', content: short.chosen }])
    expect([...pairs[0]!.chosen.ids]).toEqual(tokenizer.encode(whole, { addSpecialTokens: false }))
    expect(parts(tokenizer, pairs[0]!.chosen)[1]).toBe(`${short.chosen}</s>`)
  })

  test('keeps a token of header and answer apart, as generation would', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\n \tab1.]{1,8}$/), answer => {
        const { pairs } = encodePairs(bundled, [pairOf(short.prompt, `${answer}x`, 'y')])
        const apart = bundled.encode(`${answer}x<|im_end|>\n`, { addSpecialTokens: false })
        const { ids, answerBegin } = pairs[0]!.chosen
        expect([...ids.subarray(answerBegin)]).toEqual(apart)
      }),
      { numRuns: 300 },
    )
  })

  test('has the template’s beginning and end tokens once each', () => {
    const { pairs } = encodePairs(withBos, [short])
    for (const { ids, answerBegin } of [pairs[0]!.chosen, pairs[0]!.rejected]) {
      expect([...ids].flatMap((id, t) => (id === withBos.bosId ? [t] : []))).toEqual([0])
      expect([...ids.subarray(answerBegin)].filter(id => id === withBos.eosId)).toHaveLength(1)
    }
  })

  test('cuts answers at the end, says so, and keeps the prompt whole', () => {
    const [whole] = encodePairs(bundled, [long]).pairs
    const begin = whole!.chosen.answerBegin
    const [cut] = encodePairs(bundled, [long], { maxLength: begin + 4 }).pairs
    expect(cut!.truncated).toBe(true)
    expect(cut!.chosen.ids).toEqual(whole!.chosen.ids.slice(0, begin + 4))
    expect(cut!.rejected.ids).toEqual(whole!.rejected.ids.slice(0, begin + 4))
    const most = Math.max(whole!.chosen.ids.length, whole!.rejected.ids.length)
    expect(encodePairs(bundled, [long], { maxLength: most }).pairs[0]).toEqual(whole)
    expect(encodePairs(bundled, [long], { maxLength: most - 1 }).pairs[0]!.truncated).toBe(true)
  })

  test('drops a pair whose prompt leaves no room, and goes on', () => {
    const length = encodePairs(bundled, [long]).pairs[0]!.chosen.answerBegin
    const { pairs, dropped } = encodePairs(bundled, [long, short], { maxLength: length })
    expect(pairs.map(({ index }) => index)).toEqual([4])
    expect(dropped).toEqual([
      { index: 9, reason: `the prompt alone has ${length} tokens, the limit is ${length}` },
    ])
  })

  test('drops a pair whose answers are the same once they are cut', () => {
    const alike = pairOf(short.prompt, 'An apple, I think.', 'An apple, you know.', 2)
    const begin = encodePairs(bundled, [alike]).pairs[0]!.chosen.answerBegin
    expect(encodePairs(bundled, [alike], { maxLength: begin + 2 })).toEqual({
      pairs: [],
      dropped: [{ index: 2, reason: 'both answers are the same in the 2 tokens that they may have' }],
    })
  })

  test('drops a pair that the template refuses, or whose prompt it changes', () => {
    const twice = pairOf([user('a'), user('b')], 'c', 'd', 7)
    expect(encodePairs(withBos, [twice, short])).toMatchObject({
      pairs: [{ index: 4 }],
      dropped: [{ index: 7, reason: 'tiny: the chat template refused the turns: turns must alternate' }],
    })
    const chat: Tokenizer['chat'] = (turns, options) => `${turns.length}${bundled.chat(turns, options)}`
    expect(encodePairs({ ...bundled, chat }, [short]).dropped).toEqual([
      { index: 4, reason: 'the chat template changes the prompt once it is answered' },
    ])
  })

  test('drops a pair with an answer of no token', () => {
    // A template that writes no answers: all that is left of them is nothing.
    const chat: Tokenizer['chat'] = turns => turns.map(({ role }) => (role === 'user' ? 'u' : '')).join('')
    expect(encodePairs({ ...bundled, chat }, [short]).dropped).toEqual([
      { index: 4, reason: 'the chosen answer has no token' },
    ])
  })

  test('needs a template', () => {
    const { hasChatTemplate: _, ...rest } = bundled
    const chat = () => {
      throw new TokenizerError('tiny: the model has no chat template')
    }
    expect(() => encodePairs({ ...rest, hasChatTemplate: false, chat }, [short])).toThrow(TokenizerError)
    expect(encodePairs(bundled, [])).toEqual({ pairs: [], dropped: [] })
  })
})
