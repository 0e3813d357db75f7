import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Row, Turn } from '../../src/data/row'
import { chatml, tulu } from '../../src/io/named-templates'
import { loadTokenizer, TokenizerError } from '../../src/io/tokenizer'
import { withinVocabulary } from '../../src/io/within-vocabulary'
import { encodeConversation } from '../../src/training/encode-conversation'
import { encodeRows } from '../../src/training/encode-rows'
import { TrainingError } from '../../src/training/errors'
import { keepEnd, keepStart, promptFirst, proportional } from '../../src/training/truncation'
import { bundledFiles } from '../bundled-model'
import { fixtureTokenizer } from '../io/template-fixture'

const bundled = await loadTokenizer(await bundledFiles())

const user = (content: string): Turn => ({ role: 'user', content })
const assistant = (content: string): Turn => ({ role: 'assistant', content })
const rowOf = (index: number, ...turns: readonly Turn[]): Row => ({
  index,
  id: `row-${index}`,
  raw: {},
  turns,
})
const row = rowOf(3, user('What is 17 + 4?'), assistant('21'), user('And 4 more?'), assistant('It is 25.'))

test('rows have the ids and masks of their conversations, and their positions', () => {
  const { sequences, dropped } = encodeRows(bundled, [row])
  expect(dropped).toEqual([])
  expect(sequences).toEqual([{ index: 3, ...encodeConversation(bundled, bundled.template!, row.turns) }])
  const last = encodeRows(bundled, [row], { train: 'last' }).sequences[0]!
  expect(last.ids).toEqual(sequences[0]!.ids)
  expect(bundled.decode([...last.ids].filter((_, t) => last.mask[t]))).toBe('It is 25.<|im_end|>\n')
})

test('another template takes the place of the model’s own', async () => {
  const llama = await fixtureTokenizer('llama')
  const { sequences } = encodeRows(llama, [row], { template: tulu() })
  expect(sequences).toEqual([{ index: 3, ...encodeConversation(llama, tulu(), row.turns) }])
  expect(() => encodeRows(llama, [row])).toThrow(TokenizerError)
})

test('long rows are cut by rule', () => {
  const [whole] = encodeRows(bundled, [row], { train: 'last' }).sequences
  const { length } = whole!.ids
  const begin = whole!.mask.indexOf(1)
  const cut = (truncation = keepStart(), maxLength = length - 3) =>
    encodeRows(bundled, [row], { train: 'last', truncation, maxLength })
  expect(cut().sequences).toEqual([
    { index: 3, ids: whole!.ids.slice(0, -3), mask: whole!.mask.slice(0, -3), truncated: true },
  ])
  expect(cut(keepEnd()).sequences).toEqual([
    { index: 3, ids: whole!.ids.slice(3), mask: whole!.mask.slice(3), truncated: true },
  ])
  expect(cut(promptFirst({ keep: 1 })).sequences).toEqual(cut(keepEnd()).sequences)
  expect(cut(keepStart(), length).sequences).toEqual([whole])
  // What nothing predicts is not trained.
  const [end] = cut(keepEnd(), length - begin - 1).sequences
  expect([end!.mask[0], end!.mask[1]]).toEqual([0, 1])
})

test('rows that nothing can be learned from are dropped, each with its cause', () => {
  const begin = encodeRows(bundled, [row]).sequences[0]!.mask.indexOf(1)
  const dropped = (rows: readonly Row[], options: Parameters<typeof encodeRows>[2], tokenizer = bundled) =>
    encodeRows(tokenizer, rows, options).dropped
  expect(dropped([row], { maxLength: begin })).toEqual([
    {
      index: 3,
      cause: 'prompt too long',
      reason: `${begin} tokens come before the first one that is trained, the limit is ${begin} for all of them`,
    },
  ])
  const thin = dropped([row], { train: 'last', maxLength: 2, truncation: proportional() })
  expect(thin).toEqual([
    { index: 3, cause: 'prompt too long', reason: expect.stringContaining('the limit is 2') },
  ])
  expect(dropped([rowOf(1, user('a'))], {})).toMatchObject([{ index: 1, cause: 'no answer token' }])
  const tool = { role: 'tool', content: 'x' } as unknown as Turn
  expect(dropped([rowOf(2, tool, assistant('a'))], { template: chatml() })).toMatchObject([
    { index: 2, cause: 'template refuses it' },
  ])
  const refusing = withinVocabulary(bundled, bundled.size - 1, 'tiny')
  expect(dropped([row], {}, refusing)).toMatchObject([{ index: 3, cause: 'tokenizer refuses it' }])
  for (const maxLength of [1, 0.5, Number.NaN])
    expect(() => encodeRows(bundled, [row], { maxLength })).toThrow(TrainingError)
})

test('whatever is written, within tiny limits too: a trained token each, and only of answers', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom('', '<|im_end|>', '\n', '<|im_start|>assistant\n', '中文', '👍🏽'),
  )
  const rules = [keepStart(), keepEnd(), promptFirst({ keep: 4 }), proportional()]
  fc.assert(
    fc.property(
      fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 2, max: 60 }),
      fc.constantFrom(...rules),
      fc.constantFrom('all' as const, 'last' as const),
      (given, maxLength, truncation, train) => {
        const turns = given.flatMap(([q, a]) => [user(q), assistant(a)])
        const options = { maxLength, truncation, train }
        const { sequences, dropped } = encodeRows(bundled, [rowOf(0, ...turns)], options)
        expect(sequences.length + dropped.length).toBe(1)
        const whole = encodeConversation(bundled, bundled.template!, turns, { train, maxTokens: 1 << 20 })
        for (const { ids, mask, truncated } of sequences) {
          expect(ids.length).toBe(mask.length)
          expect(ids.length).toBeLessThanOrEqual(maxLength)
          expect(mask[0]).toBe(0)
          expect(mask.includes(1)).toBe(true)
          expect(truncated).toBe(whole.ids.length > maxLength)
          if (!truncated) expect({ ids, mask, truncated }).toEqual(whole)
          const trained = (each: typeof whole) => [...each.ids].filter((_, t) => each.mask[t]).join()
          expect(`,${trained(whole)},`).toContain(`,${trained({ ids, mask, truncated })},`)
        }
      },
    ),
    { numRuns: 200 },
  )
})
