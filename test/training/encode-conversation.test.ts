import { describe, expect, test } from 'vitest'
import type { ChatTemplate, ChatTurn } from '../../src/io/chat-template'
import { alpaca, chatml, llama3, tulu, vicuna, zephyr } from '../../src/io/named-templates'
import { TokenizerError } from '../../src/io/tokenizer'
import { modelTemplate } from '../../src/io/with-template'
import { encodeConversation } from '../../src/training/encode-conversation'
import { TrainingError } from '../../src/training/errors'
import {
  fixtureTokenizer,
  jinjaCases,
  loadFixtureTokenizer,
  namedCases,
  type TemplateCase,
} from '../io/template-fixture'

const templates = { vicuna, tulu, zephyr, llama3, chatml, alpaca }
const named = Object.keys(templates) as (keyof typeof templates)[]
const own = ['qwen2_5', 'qwen2_5_training', 'qwen3', 'gemma3'] as const

const user = (content: string): ChatTurn => ({ role: 'user', content })
const assistant = (content: string): ChatTurn => ({ role: 'assistant', content })
const conversation = [user('What is 17 + 4?'), assistant('21'), user('And 4 more?'), assistant('25')]

/** Spans of ones. */
function spans(mask: ArrayLike<number>): [number, number][] {
  const found: [number, number][] = []
  for (let t = 0; t < mask.length; t++) {
    if (!mask[t]) continue
    if (t > 0 && mask[t - 1]) found.at(-1)![1] = t + 1
    else found.push([t, t + 1])
  }
  return found
}

async function setUp(name: (typeof named)[number] | (typeof own)[number]) {
  if (name in templates) {
    const { tokenizer, cases } = namedCases(name as (typeof named)[number])
    return { tokenizer: await fixtureTokenizer(tokenizer), template: templates[name as 'chatml'](), cases }
  }
  const { tokenizer, template, cases } = jinjaCases(name as (typeof own)[number])
  const loaded = await loadFixtureTokenizer(tokenizer, { chat_template: template })
  return { tokenizer: loaded, template: modelTemplate(loaded), cases }
}

describe.each([...named, ...own])('%s', name => {
  test('has the ids and the trained tokens of the other library', async () => {
    const { tokenizer, template, cases } = await setUp(name)
    let masks = 0
    for (const { turns, ids, trained, literal } of cases) {
      const encoded = encodeConversation(tokenizer, template, turns, { splitSpecialTokens: false })
      expect([...encoded.ids]).toEqual(ids)
      expect(encoded.truncated).toBe(false)
      if (trained) expect(spans(encoded.mask)).toEqual(trained)
      if (trained) masks++
      const apart = encodeConversation(tokenizer, template, turns)
      expect([...apart.ids]).toEqual(literal ?? ids)
      if (!literal) expect(apart.mask).toEqual(encoded.mask)
    }
    expect(masks).toBeGreaterThan(cases.length / 3)
  })

  test('trains the last answer alone', async () => {
    const { tokenizer, template, cases } = await setUp(name)
    const lastOf = (found: readonly (readonly [number, number])[]) => found.slice(-1)
    for (const { turns, trained } of cases) {
      const options = { splitSpecialTokens: false } as const
      const all = encodeConversation(tokenizer, template, turns, options)
      const last = encodeConversation(tokenizer, template, turns, { ...options, train: 'last' })
      expect(last.ids).toEqual(all.ids)
      expect(spans(last.mask)).toEqual(lastOf(spans(all.mask)))
      if (trained) expect(spans(last.mask)).toEqual(lastOf(trained))
    }
  })
})

/** What the trained tokens say, answer by answer. */
async function trainedTexts(template: ChatTemplate, name: string, turns: readonly ChatTurn[]) {
  const tokenizer = await fixtureTokenizer(name)
  const { ids, mask } = encodeConversation(tokenizer, template, turns)
  return spans(mask).map(([begin, end]) => tokenizer.decode([...ids.subarray(begin, end)]))
}

test('an answer is trained with the end of its turn, a header is not', async () => {
  expect(await trainedTexts(chatml(), 'qwen', conversation)).toEqual(['21<|im_end|>\n', '25<|im_end|>\n'])
  expect(await trainedTexts(llama3(), 'qwen', conversation)).toEqual(['21<|eot_id|>', '25<|eot_id|>'])
  expect(await trainedTexts(tulu(), 'qwen', conversation)).toEqual(['21<|im_end|>', '25<|im_end|>'])
  expect(await trainedTexts(vicuna({ eos: '</s>' }), 'qwen', conversation)).toEqual([' 21</s>', ' 25</s>'])
})

test('special tokens that somebody wrote are text, and end nothing', async () => {
  const tokenizer = await fixtureTokenizer('qwen')
  const end = tokenizer.tokenId('<|im_end|>')!
  const count = (splitSpecialTokens: boolean) => {
    const turns = [user('a<|im_end|>'), assistant('b<|im_end|>c')]
    const { ids } = encodeConversation(tokenizer, chatml(), turns, { splitSpecialTokens })
    expect(tokenizer.decode([...ids])).toBe(chatml().render(turns))
    return ids.filter(id => id === end).length
  }
  expect([count(true), count(false)]).toEqual([2, 4])
})

test('has the tokenizer’s BOS once, and no end beside the template’s', async () => {
  for (const template of [vicuna(), tulu(), zephyr(), alpaca()]) {
    const tokenizer = await fixtureTokenizer('llama')
    const { ids } = encodeConversation(tokenizer, template, conversation)
    const places = (wanted: number | null) => [...ids].flatMap((id, t) => (id === wanted ? [t] : []))
    expect(places(tokenizer.bosId)).toEqual([0])
    // Zephyr ends questions with it too.
    expect(places(tokenizer.eosId)).toHaveLength(template.name === 'zephyr' ? 4 : 2)
    expect(encodeConversation(tokenizer, template.for(tokenizer), conversation).ids).toEqual(ids)
  }
  const qwen = await fixtureTokenizer('qwen')
  const { ids } = encodeConversation(qwen, llama3(), conversation)
  expect([...ids].flatMap((id, t) => (id === qwen.bosId ? [t] : []))).toEqual([0])
})

test('keeps the start of what is too long, and says so', async () => {
  const tokenizer = await fixtureTokenizer('qwen')
  const whole = encodeConversation(tokenizer, chatml(), conversation)
  const { length } = whole.ids
  expect(encodeConversation(tokenizer, chatml(), conversation, { maxTokens: length })).toEqual(whole)
  const begin = whole.mask.indexOf(1)
  const cut = encodeConversation(tokenizer, chatml(), conversation, { maxTokens: begin + 1 })
  expect(cut).toEqual({
    ids: whole.ids.slice(0, begin + 1),
    mask: whole.mask.slice(0, begin + 1),
    truncated: true,
  })
  expect(() => encodeConversation(tokenizer, chatml(), conversation, { maxTokens: begin })).toThrow(
    new TrainingError(
      `${begin} tokens come before the first one that is trained, the limit is ${begin} for all of them`,
    ),
  )
})

test('a conversation without an answer, or whose roles have no place, is an error', async () => {
  const tokenizer = await fixtureTokenizer('qwen')
  expect(() => encodeConversation(tokenizer, chatml(), [user('a')])).toThrow(TrainingError)
  const tool = { role: 'tool', content: '' }
  expect(() => encodeConversation(tokenizer, chatml(), [tool, assistant('a')])).toThrow(TokenizerError)
})

/** Cases where the answer begins with a line break, which a token may hold together with the header's. */
const brokenFirst = ({ turns }: TemplateCase) => turns.some(({ content }) => content.startsWith('\n'))

test('a token of header and answer is trained, as in transformers', async () => {
  const { tokenizer, template, cases } = await setUp('llama3')
  expect(cases.filter(brokenFirst).length).toBeGreaterThan(0)
  const turns = [user('a'), assistant('\n\nb')]
  const { ids, mask } = encodeConversation(tokenizer, chatml(), turns)
  const shared = tokenizer.encode('\n\n\n', { addSpecialTokens: false })
  expect(shared.length).toBeLessThan(3)
  const [[begin]] = spans(mask) as [[number, number]]
  expect([...ids.subarray(begin, begin + shared.length)]).toEqual(shared)
  expect(template.name).toBe('llama3')
})
